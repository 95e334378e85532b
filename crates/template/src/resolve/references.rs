//! What a value refers to: for the order of resources.

use super::sub::Piece;
use super::{Scope, function, pieces};
use crate::value::{Data, Value};

/// A reference to a name, which may be a parameter's, a pseudo parameter's or a resource's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub name: String,
    /// The attribute; `None` for `Ref`.
    pub attribute: Option<String>,
}

/// The references of a value, of `Fn::If` those of the branch that counts.
pub(crate) fn references(value: &Value, scope: &Scope, found: &mut Vec<Reference>) {
    match &value.data {
        Data::List(items) => items.iter().for_each(|item| references(item, scope, found)),
        Data::Map(map) => match function(map) {
            Some((name, argument)) => of_function(name, argument, scope, found),
            None => map.values().for_each(|value| references(value, scope, found)),
        },
        _ => {}
    }
}

fn of_function(name: &str, argument: &Value, scope: &Scope, found: &mut Vec<Reference>) {
    match (name, &argument.data) {
        ("Ref", Data::Text(name)) => found.push(Reference { name: name.clone(), attribute: None }),
        ("Fn::GetAtt", Data::Text(text)) => found.push(dotted(text)),
        ("Fn::GetAtt", Data::List(items)) => {
            if let Some(name) = items.first().and_then(Value::text) {
                let attribute = items.get(1).and_then(Value::text).map(str::to_owned);
                found.push(Reference { name: name.to_owned(), attribute: Some(attribute.unwrap_or_default()) });
            }
        }
        ("Fn::Sub", Data::Text(text)) => of_text(text, None, found),
        ("Fn::Sub", Data::List(items)) => {
            let own = items.get(1);
            if let Some(text) = items.first().and_then(Value::text) {
                of_text(text, own, found);
            }
            own.into_iter().for_each(|own| references(own, scope, found));
        }
        ("Fn::If", Data::List(items)) => {
            let holds = items.first().and_then(Value::text).and_then(|name| scope.conditions.get(name)).copied();
            let branch = items.get(if holds.unwrap_or(false) { 1 } else { 2 });
            branch.into_iter().for_each(|branch| references(branch, scope, found));
        }
        _ => references(argument, scope, found),
    }
}

fn of_text(text: &str, own: Option<&Value>, found: &mut Vec<Reference>) {
    for piece in pieces(text) {
        if let Piece::Name(name) = piece
            && own.and_then(|own| own.get(name)).is_none()
        {
            found.push(dotted(name));
        }
    }
}

fn dotted(text: &str) -> Reference {
    match text.split_once('.') {
        Some((name, attribute)) => Reference { name: name.to_owned(), attribute: Some(attribute.to_owned()) },
        None => Reference { name: text.to_owned(), attribute: None },
    }
}
