//! Lists with a name: links to them, and forms that name this list and remove one.

use leptos::prelude::*;

use crate::app::arrival::Told;
use crate::app::here::here;
use crate::app::ui::{FormProblem, Memo, Post, PostForm, Seen, copy_link, dynamic, shown};
use crate::wire::executions::{Executions, Saved, View};

/// The names, with what can be done about them.
pub fn views(data: Seen<Executions>, save: Post, remove: Post) -> AnyView {
    let what = Memo::new(move |_| data.with(|data| (data.saved.clone(), data.view.first())));
    view! {
        {dynamic(move || what.with(|(saved, view)| drawn(saved, view, save, remove)))}
        {dynamic(move || what.with(|(_, view)| removed(view, save, remove)))}
        <FormProblem post=save/>
        <FormProblem post=remove/>
    }
    .into_any()
}

/// Says that a list has lost its name, with the way back.
fn removed(view: &View, save: Post, remove: Post) -> Option<AnyView> {
    let Some(Told::Unnamed { name }) = remove.told() else { return None };
    let hidden = hidden(view);
    Some(
        view! {
            <div class="notice notice-good" role="status">
                <PostForm post=save class="view-fields">
                    {hidden}
                    <input type="hidden" name="name" value=name.clone()/>
                    <span>"The view "{shown(&name)}" was removed; its list is below."</span>
                    <button class="button" type="submit">"Undo"</button>
                </PostForm>
            </div>
        }
        .into_any(),
    )
}

/// The view as fields of a form.
fn hidden(view: &View) -> Vec<AnyView> {
    let parts = View::NAMES.into_iter().zip(view.parts());
    parts
        .filter_map(|(name, part)| Some((name, part?.to_owned())))
        .map(|(name, part)| view! { <input type="hidden" name=name value=part/> }.into_any())
        .collect()
}

fn drawn(saved: &[Saved], view: &View, save: Post, remove: Post) -> AnyView {
    if view.parent.is_some() {
        return ().into_any();
    }
    let is_plain = *view == View { scope: view.scope.clone(), ..View::default() };
    let known = saved.iter().find(|one| one.view == *view);
    let link = |one: &Saved| {
        let current = (one.view == *view).then_some("page");
        view! { <li><a class="chip" href=here().executions_view(&one.view) aria-current=current>{shown(&one.name)}</a></li> }
    };
    let links = (!saved.is_empty()).then(|| view! { <ul class="chips">{saved.iter().map(link).collect_view()}</ul> });
    let removing = known.map(|one| {
        let (id, name) = (one.id.to_string(), one.name.clone());
        view! {
            <details class="view-form">
                <summary>"Remove this view"</summary>
                <PostForm post=remove class="view-fields">
                    <input type="hidden" name="id" value=id/>
                    <span>"Remove "{shown(&name)}" for everybody? The executions stay."</span>
                    <button class="button" type="submit">"Remove"</button>
                </PostForm>
            </details>
        }
    });
    let saving = (!is_plain && known.is_none()).then(|| {
        let hidden = hidden(view);
        view! {
            <details class="view-form">
                <summary>"Save this view"</summary>
                <PostForm post=save class="view-fields">
                    {hidden}
                    <input type="text" name="name" maxlength="60" required=true aria-label="Name of the view" placeholder="Its name"/>
                    <button class="button" type="submit">"Save"</button>
                </PostForm>
            </details>
        }
    });
    let link = known.map(|one| copy_link("the link to this view", here().executions_view(&one.view)));
    (links.is_some() || saving.is_some())
        .then(|| view! { <nav class="views" aria-label="Saved views">{links}{link}{removing}{saving}</nav> })
        .into_any()
}
