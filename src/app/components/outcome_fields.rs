//! The fields of an outcome's form, as the browser's own inputs: it checks them before they are sent, and the server again.

use leptos::prelude::*;

use crate::app::arrival::Told;
use crate::app::ui::{Memo, Post, dynamic, raw_text, shown};
use crate::visible::visible;
use crate::wire::inbox::{FIELD, FieldKind, FormField, OutcomeChoice, RequestKey, SEVERAL};

/// The fields; what was typed is in them again where it `is_mine`.
pub fn fields(request: &RequestKey, outcome: &OutcomeChoice, is_mine: bool, post: Post) -> AnyView {
    let one = |field: &FormField| {
        let several = if matches!(field.kind, FieldKind::Many(_)) { SEVERAL } else { "" };
        let name = format!("{FIELD}{}{several}", field.name);
        let value = if is_mine { post.typed_all(&name) } else { field.value.clone() };
        let id = format!("{}-{}", outcome.id, field.name);
        let fault = fault((request.clone(), outcome.id.clone(), field.name.clone()), post);
        let described = format!("{id}-help");
        let help = view! {
            <p class="quiet field-help" id=described.clone()>
                <span>{shown(&field.description)}</span>
                {dynamic(move || fault.get().map(|fault| view! { <strong class="fault">{shown(fault)}</strong> }))}
            </p>
        };
        let invalid = move || fault.with(Option::is_some).then_some("true");
        let input = input(field, Named { name, id, described }, value, invalid);
        view! { <div class="form-field">{input}{help}</div> }
    };
    outcome.fields.iter().map(one).collect_view().into_any()
}

/// What is wrong with a field, once the form was sent.
fn fault((request, outcome, field): (RequestKey, String, String), post: Post) -> Memo<Option<String>> {
    Memo::new(move |_| match post.told() {
        Some(Told::Ahead { preview, request: of, .. }) if of == request && preview.outcome == outcome => {
            preview.faults.into_iter().find(|(name, _)| *name == field).map(|(_, fault)| fault)
        }
        _ => None,
    })
}

/// How an input is named: in what is sent, on the page, and the id of what describes it.
#[derive(Clone)]
struct Named {
    name: String,
    id: String,
    described: String,
}

fn input(
    field: &FormField,
    named: Named,
    value: Vec<String>,
    invalid: impl Fn() -> Option<&'static str> + Copy + Send + 'static,
) -> AnyView {
    let required = field.required;
    let mark = required.then_some(" (required)");
    let title = shown(&field.title);
    let Named { name, id, described } = named;
    let first = value.first().cloned().unwrap_or_default();
    match &field.kind {
        FieldKind::Flag => view! {
            <label class="check">
                <input type="checkbox" name=name id=id value="true" checked={first == "true"} aria-describedby=described aria-invalid=invalid/>
                <span>{title}</span>
            </label>
        }
        .into_any(),
        FieldKind::Many(options) => {
            let option = |option: &String| {
                view! {
                    <label class="check">
                        <input type="checkbox" name=name.clone() value=option.clone() checked={value.contains(option)}/>
                        <span>{shown(option)}</span>
                    </label>
                }
            };
            view! {
                <fieldset aria-describedby=described aria-invalid=invalid>
                    <legend>{title}{mark}</legend>
                    {options.iter().map(option).collect_view()}
                </fieldset>
            }
            .into_any()
        }
        FieldKind::One(options) => {
            let option = |option: &String| {
                view! { <option value=option.clone() selected={first == *option}>{visible(option).into_owned()}</option> }
            };
            view! {
                <label class="field" for=id.clone()><span>{title}{mark}</span></label>
                <select name=name id=id required=required aria-describedby=described aria-invalid=invalid>
                    <option value="">"Choose…"</option>
                    {options.iter().map(option).collect_view()}
                </select>
            }
            .into_any()
        }
        FieldKind::Text { long: true, min, max, .. } => {
            let content = raw_text(&first);
            view! {
                <label class="field" for=id.clone()><span>{title}{mark}</span></label>
                <textarea name=name id=id rows="3" required=required minlength=min.to_string() maxlength=max.to_string()
                    aria-describedby=described aria-invalid=invalid>{content}</textarea>
            }
            .into_any()
        }
        FieldKind::Text { input, min, max, pattern, .. } => view! {
            <label class="field" for=id.clone()><span>{title}{mark}</span></label>
            <input type=input.clone() name=name id=id value=first required=required minlength=min.to_string()
                maxlength=max.to_string() pattern=pattern.clone() aria-describedby=described aria-invalid=invalid/>
        }
        .into_any(),
        FieldKind::Number { step, min, max } => view! {
            <label class="field" for=id.clone()><span>{title}{mark}</span></label>
            <input type="number" inputmode="decimal" name=name id=id value=first required=required step=step.clone() min=min.clone()
                max=max.clone() aria-describedby=described aria-invalid=invalid/>
        }
        .into_any(),
    }
}
