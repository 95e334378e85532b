//! Request bodies as forms: `RequestBodyEncoding` `URL_ENCODED`.

use form_urlencoded::Serializer;
use serde_json::Value;

/// `ArrayFormat`: how the elements of a list are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lists {
    /// `a[0]=1&a[1]=2`
    Indices,
    /// `a=1&a=2`
    Repeat,
    /// `a=1,2`
    Commas,
    /// `a[]=1&a[]=2`
    Brackets,
}

impl Lists {
    /// The format of this name; AWS's default without one.
    pub fn named(name: Option<&str>) -> Option<Self> {
        Some(match name {
            None | Some("INDICES") => Self::Indices,
            Some("REPEAT") => Self::Repeat,
            Some("COMMAS") => Self::Commas,
            Some("BRACKETS") => Self::Brackets,
            Some(_) => return None,
        })
    }
}

/// A body as a form.
pub fn encode(body: &Value, lists: Lists) -> String {
    let mut form = Serializer::new(String::new());
    for (name, value) in body.as_object().into_iter().flatten() {
        put(&mut form, name, value, lists);
    }
    form.finish()
}

fn put(form: &mut Serializer<'_, String>, name: &str, value: &Value, lists: Lists) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(field, value)| put(form, &format!("{name}[{field}]"), value, lists));
        }
        Value::Array(items) if lists == Lists::Commas => {
            form.append_pair(name, &items.iter().map(plain).collect::<Vec<_>>().join(","));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let name = match lists {
                    Lists::Indices => format!("{name}[{index}]"),
                    Lists::Brackets => format!("{name}[]"),
                    Lists::Repeat | Lists::Commas => name.to_owned(),
                };
                put(form, &name, item, lists);
            }
        }
        value => {
            form.append_pair(name, &plain(value));
        }
    }
}

/// A value as it is written in a form, a query or a header.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(format: &str, expect: &str) {
        let body = json!({ "a": ["x y", 2], "b": { "c": true } });
        let encoded = Lists::named(Some(format)).map(|lists| encode(&body, lists));
        assert_eq!(encoded.as_deref(), Some(expect));
    }

    #[test]
    fn lists_are_written_in_each_format() {
        check("INDICES", "a%5B0%5D=x+y&a%5B1%5D=2&b%5Bc%5D=true");
        check("REPEAT", "a=x+y&a=2&b%5Bc%5D=true");
        check("COMMAS", "a=x+y%2C2&b%5Bc%5D=true");
        check("BRACKETS", "a%5B%5D=x+y&a%5B%5D=2&b%5Bc%5D=true");
    }
}
