//! The functions of a template's values.

use super::sub::{Piece, pieces};
use super::{Path, Resolved, Resolver, misfit};
use crate::error::{TemplateError, What};
use crate::types::resource_type;
use crate::value::{Data, Value};

/// The most characters that a text may grow to by functions: CloudFormation takes templates of 1 MB.
const LONGEST: usize = 4 << 20;

impl Resolver<'_> {
    pub(super) fn call(&self, name: &str, argument: &Value, path: &mut Path) -> Resolved {
        match name {
            "Ref" => self.reference(argument, path),
            "Fn::GetAtt" => self.get_att(argument, path).map(Some),
            "Fn::Join" => self.join(argument, path).map(Some),
            "Fn::Sub" => self.sub(argument, path).map(Some),
            "Fn::Select" => self.select(argument, path).map(Some),
            "Fn::Split" => self.split(argument, path).map(Some),
            "Fn::If" => self.choose(argument, path),
            "Fn::FindInMap" => self.find_in_map(argument, path),
            "Fn::Base64" => {
                let text = self.text(argument, path)?;
                Ok(Some(Data::Text(base64(text.as_bytes())).at(argument.span)))
            }
            "Fn::GetAZs" => {
                let region = self.text(argument, path)?;
                let region = if region.is_empty() { &self.scope.environment.region } else { &region };
                let zones = self.around.availability_zones(region);
                Ok(Some(Data::List(zones.into_iter().map(Value::from).collect()).at(argument.span)))
            }
            "Fn::ImportValue" => {
                let export = self.text(argument, path)?;
                let value = self.around.export(&export);
                let unknown = || path.error(What::UnknownExport(export), argument.span);
                value.map(|value| Some(Data::Text(value).at(argument.span))).ok_or_else(unknown)
            }
            "Fn::Length" => {
                let list = self.value(argument, path)?;
                let list = list.as_ref().and_then(Value::list).ok_or_else(|| misfit(path, argument, "a list"))?;
                Ok(Some(Data::Number(list.len().to_string()).at(argument.span)))
            }
            "Fn::ToJsonString" => {
                let value = self.value(argument, path)?;
                let value = value.ok_or_else(|| misfit(path, argument, "a list or an object"))?;
                Ok(Some(Data::Text(value.json()).at(argument.span)))
            }
            _ => Err(path.error(unsupported(name), argument.span)),
        }
    }

    fn reference(&self, argument: &Value, path: &mut Path) -> Resolved {
        let name = argument.text().ok_or_else(|| misfit(path, argument, "a name"))?;
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        self.named(name, argument, path).map(Some)
    }

    /// What `Ref` of a name says.
    fn named(&self, name: &str, at: &Value, path: &Path) -> Result<Value, TemplateError> {
        if let Some(value) =
            self.pseudo(name).or_else(|| self.scope.parameters.get(name).map(|value| value.data.clone()))
        {
            return Ok(value.at(at.span));
        }
        if !self.template.resources.contains_key(name) {
            return Err(path.error(What::UnknownReference(name.to_owned()), at.span));
        }
        self.is_made(name, at, path)?;
        let missing = || not_made(name, "Ref", at, path);
        self.made.reference(name).map(|value| value.data.at(at.span)).ok_or_else(missing)
    }

    fn pseudo(&self, name: &str) -> Option<Data> {
        let environment = &self.scope.environment;
        let text = match name.strip_prefix("AWS::")? {
            "AccountId" => &environment.account,
            "Region" => &environment.region,
            "Partition" => &environment.partition,
            "StackName" => &environment.stack_name,
            "StackId" => &environment.stack_id,
            "URLSuffix" => environment.url_suffix(),
            "NotificationARNs" => {
                return Some(Data::List(environment.notification_arns.iter().map(|arn| arn.as_str().into()).collect()));
            }
            _ => return None,
        };
        Some(Data::Text(text.to_owned()))
    }

    fn get_att(&self, argument: &Value, path: &mut Path) -> Result<Value, TemplateError> {
        const EXPECTED: &str = "the logical ID of a resource and the name of an attribute";
        let wrong =
            |path: &Path| path.error(What::Arguments { function: "Fn::GetAtt", expected: EXPECTED }, argument.span);
        let (resource, attribute) = match &argument.data {
            Data::Text(text) => {
                let (resource, attribute) = text.split_once('.').ok_or_else(|| wrong(path))?;
                (resource.to_owned(), attribute.to_owned())
            }
            Data::List(items) => {
                let [resource, attribute] = items.as_slice() else { return Err(wrong(path)) };
                let resource = resource.text().ok_or_else(|| wrong(path))?;
                (resource.to_owned(), path.at(1, |path| self.text(attribute, path))?)
            }
            _ => return Err(wrong(path)),
        };
        self.attribute(&resource, &attribute, argument, path)
    }

    fn attribute(&self, resource: &str, attribute: &str, at: &Value, path: &Path) -> Result<Value, TemplateError> {
        let unknown = || path.error(What::UnknownResource(resource.to_owned()), at.span);
        let kind = &self.template.resources.get(resource).ok_or_else(unknown)?.kind;
        if let Some(known) = resource_type(kind).filter(|known| known.attribute(attribute).is_none()) {
            let has = known.attributes.iter().map(|(name, _)| (*name).to_owned()).collect();
            let what = What::UnknownAttribute { kind: kind.clone(), attribute: attribute.to_owned(), has };
            return Err(path.error(what, at.span));
        }
        self.is_made(resource, at, path)?;
        let missing = || not_made(resource, attribute, at, path);
        self.made.attribute(resource, attribute).map(|value| value.data.at(at.span)).ok_or_else(missing)
    }

    /// Refuses a reference to a resource whose condition does not hold.
    fn is_made(&self, resource: &str, at: &Value, path: &Path) -> Result<(), TemplateError> {
        let condition = self.template.resources.get(resource).and_then(|resource| resource.condition.as_deref());
        match condition.filter(|condition| !self.holds(Some(condition))) {
            Some(condition) => Err(path.error(What::Conditional(resource.to_owned(), condition.to_owned()), at.span)),
            None => Ok(()),
        }
    }

    fn join(&self, argument: &Value, path: &mut Path) -> Result<Value, TemplateError> {
        let [delimiter, items] = arguments("Fn::Join", "a delimiter and a list of texts", argument, path)?;
        let delimiter = path.at(0, |path| self.text(delimiter, path))?;
        let items = path.at(1, |path| self.texts(items, path))?;
        let length: usize = items.iter().map(|item| item.len() + delimiter.len()).sum();
        if length > LONGEST {
            let what = What::Arguments { function: "Fn::Join", expected: "texts that make at most 4 MiB" };
            return Err(path.error(what, argument.span));
        }
        Ok(Data::Text(items.join(&delimiter)).at(argument.span))
    }

    fn split(&self, argument: &Value, path: &mut Path) -> Result<Value, TemplateError> {
        let [delimiter, text] = arguments("Fn::Split", "a delimiter and a text", argument, path)?;
        let separator = path.at(0, |path| self.text(delimiter, path))?;
        let text = path.at(1, |path| self.text(text, path))?;
        if separator.is_empty() {
            return Err(misfit(path, delimiter, "a delimiter of at least one character"));
        }
        Ok(Data::List(text.split(separator.as_str()).map(Value::from).collect()).at(argument.span))
    }

    fn select(&self, argument: &Value, path: &mut Path) -> Result<Value, TemplateError> {
        let [index, items] = arguments("Fn::Select", "an index and a list", argument, path)?;
        let place = path.at(0, |path| self.text(index, path))?;
        let list = path.at(1, |path| self.value(items, path))?;
        let list = list.as_ref().and_then(Value::list).ok_or_else(|| misfit(path, items, "a list"))?;
        let found = place.parse().ok().and_then(|place: usize| list.get(place));
        let beyond = || path.error(What::Index { index: place, count: list.len() }, index.span);
        found.cloned().ok_or_else(beyond)
    }

    fn choose(&self, argument: &Value, path: &mut Path) -> Resolved {
        let [condition, then, otherwise] =
            arguments("Fn::If", "the name of a condition and two values", argument, path)?;
        let name = condition.text().ok_or_else(|| misfit(path, condition, "the name of a condition"))?;
        let unknown = || path.error(What::UnknownCondition(name.to_owned()), condition.span);
        let holds = *self.scope.conditions.get(name).ok_or_else(unknown)?;
        let (index, chosen) = if holds { (1, then) } else { (2, otherwise) };
        path.at(index, |path| self.value(chosen, path))
    }

    fn find_in_map(&self, argument: &Value, path: &mut Path) -> Resolved {
        const EXPECTED: &str = "the name of a map and two keys";
        let items = argument.list().unwrap_or_default();
        let ([map, first, second], default) = match items {
            [map, first, second] => ([map, first, second], None),
            [map, first, second, default] => ([map, first, second], default.get("DefaultValue")),
            _ => {
                return Err(
                    path.error(What::Arguments { function: "Fn::FindInMap", expected: EXPECTED }, argument.span)
                );
            }
        };
        let mut keys = Vec::with_capacity(3);
        for (index, key) in [map, first, second].into_iter().enumerate() {
            keys.push(path.at(index, |path| self.text(key, path))?);
        }
        let found = self.template.mappings.get(&keys[0]).and_then(|map| map.get(&keys[1])?.get(&keys[2]));
        match (found, default) {
            (Some(found), _) => Ok(Some(found.data.clone().at(argument.span))),
            (None, Some(default)) => path.at(3, |path| self.value(default, path)),
            (None, None) => {
                let what = What::NotInMap { map: keys[0].clone(), path: format!("{}.{}", keys[1], keys[2]) };
                Err(path.error(what, argument.span))
            }
        }
    }

    fn sub(&self, argument: &Value, path: &mut Path) -> Result<Value, TemplateError> {
        const EXPECTED: &str = "a text, or a list of a text and an object";
        let wrong =
            |path: &Path| path.error(What::Arguments { function: "Fn::Sub", expected: EXPECTED }, argument.span);
        let (text, own) = match &argument.data {
            Data::Text(text) => (text, None),
            Data::List(items) => match items.as_slice() {
                [Value { data: Data::Text(text), .. }, Value { data: Data::Map(own), .. }] => (text, Some(own)),
                _ => return Err(wrong(path)),
            },
            _ => return Err(wrong(path)),
        };
        let mut out = String::new();
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Literal(name) => out.push_str(&format!("${{{name}}}")),
                Piece::Name(name) => match own.and_then(|own| own.get(name)) {
                    Some(value) => out.push_str(&path.within(name, |path| self.text(value, path))?),
                    None => out.push_str(&self.substituted(name, argument, path)?),
                },
            }
            if out.len() > LONGEST {
                return Err(path.error(
                    What::Arguments { function: "Fn::Sub", expected: "texts that make at most 4 MiB" },
                    argument.span,
                ));
            }
        }
        Ok(Data::Text(out).at(argument.span))
    }

    /// What `${name}` says.
    fn substituted(&self, name: &str, at: &Value, path: &Path) -> Result<String, TemplateError> {
        let value = match name.split_once('.') {
            Some((resource, attribute)) => self.attribute(resource, attribute, at, path)?,
            None => self.named(name, at, path)?,
        };
        let text = value.scalar();
        text.ok_or_else(|| path.error(What::Shape { expected: "a text", found: value.kind() }, at.span))
    }

    /// The texts of a list, or of what a function makes a list.
    fn texts(&self, value: &Value, path: &mut Path) -> Result<Vec<String>, TemplateError> {
        let resolved = self.value(value, path)?;
        let list = resolved.as_ref().and_then(Value::list).ok_or_else(|| misfit(path, value, "a list of texts"))?;
        let mut texts = Vec::with_capacity(list.len());
        for (index, item) in list.iter().enumerate() {
            let text = item.scalar();
            texts.push(text.ok_or_else(|| path.at(index, |path| misfit(path, item, "a text")))?);
        }
        Ok(texts)
    }
}

fn not_made(resource: &str, attribute: &str, at: &Value, path: &Path) -> TemplateError {
    let what = What::NotMade { resource: resource.to_owned(), attribute: attribute.to_owned() };
    path.error(what, at.span)
}

/// The arguments of a function that takes a list of so many.
pub(super) fn arguments<'v, const N: usize>(
    function: &'static str,
    expected: &'static str,
    argument: &'v Value,
    path: &Path,
) -> Result<[&'v Value; N], TemplateError> {
    let items: Vec<&Value> = argument.list().unwrap_or_default().iter().collect();
    items.try_into().map_err(|_| path.error(What::Arguments { function, expected }, argument.span))
}

/// Why a function is refused.
pub(super) fn unsupported(name: &str) -> What {
    let why = match name {
        "Fn::Transform" => "a macro runs in an AWS account",
        "Fn::Cidr" => "none of the supported resources has an address range",
        name if name.starts_with("Fn::ForEach") => "a loop stands in `Conditions`, `Resources` or `Outputs`",
        "Fn::And" | "Fn::Or" | "Fn::Not" | "Fn::Equals" => {
            "it belongs into the section `Conditions`; name the condition with `Fn::If`"
        }
        _ => return What::UnknownFunction(name.to_owned()),
    };
    What::UnsupportedFunction { function: name.to_owned(), why }
}

/// Base64 with padding (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}
