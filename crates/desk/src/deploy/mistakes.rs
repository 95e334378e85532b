//! Every mistake of a table, not the first one alone.
//!
//! serde stops at the first mistake, and it alone knows the keys and types of every table. So the entry with the mistake is taken
//! out, and what is left is read again, until nothing is wrong any more. A mistake that only follows from an entry that was taken
//! out is none: the `file` is not missing where it is written `fil`.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer, Error};

use crate::nearest::meant;

/// More mistakes are counted, and not kept.
const MOST: usize = 50;
/// More are not looked for: each costs a reading of the whole table.
const LOOKED_FOR: usize = 500;

/// What was read of a table.
pub(super) struct Reading<T> {
    /// What it has beside its mistakes; `None` where that is not known.
    pub read: Option<T>,
    /// The mistakes, in their order in the text.
    pub mistakes: Vec<Error>,
    /// How many there are besides, as far as they were looked for.
    pub more: usize,
}

/// An entry that was taken out.
struct Taken {
    /// The span of the table that it was in.
    table: Range<usize>,
    /// Its key; empty of an item of a list.
    key: String,
    /// The right key that is nearest to it, where its own is unknown.
    meant: Option<String>,
}

/// Reads a table.
pub(super) fn read<T: DeserializeOwned>(table: &Spanned<DeTable<'_>>) -> Reading<T> {
    let mut left = table.clone();
    let (mut taken, mut mistakes, mut more): (Vec<Taken>, Vec<Error>, usize) = (Vec::new(), Vec::new(), 0);
    let read = loop {
        let error = match <T as serde::Deserialize<'_>>::deserialize(Deserializer::from(left.clone())) {
            Ok(read) => break Some(read),
            Err(error) => error,
        };
        let span = error.span().unwrap_or_default();
        if !follows(&error, &span, &taken) {
            if mistakes.len() < MOST {
                mistakes.push(error.clone());
            } else {
                more += 1;
            }
        }
        if taken.len() >= LOOKED_FOR {
            break None;
        }
        let around = left.span();
        let Some(one) = take(left.get_mut(), around, &span) else { break None };
        taken.push(Taken { meant: meant_instead(error.message()).map(str::to_owned), ..one });
    };
    mistakes.sort_by_key(|error| error.span().map(|span| span.start));
    Reading { read, mistakes, more }
}

/// Whether a mistake of a whole table follows from what was taken out of it.
fn follows(error: &Error, span: &Range<usize>, taken: &[Taken]) -> bool {
    let mut here = taken.iter().filter(|one| one.table == *span);
    match missing_field(error.message()) {
        Some(field) => here.any(|one| one.key == field || one.meant.as_deref() == Some(field)),
        None => here.next().is_some(),
    }
}

fn missing_field(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.strip_suffix('`')
}

/// Takes the innermost entry out whose key or value is the mistake. `around` is the table's own span.
fn take(table: &mut DeTable<'_>, around: Range<usize>, mistake: &Range<usize>) -> Option<Taken> {
    for (_, value) in table.iter_mut() {
        let inner = take_inside(value, mistake);
        if inner.is_some() {
            return inner;
        }
    }
    let mut entries = table.iter();
    let (key, _) = entries.find(|(key, value)| key.span() == *mistake || value.span() == *mistake)?;
    let key = key.get_ref().to_string();
    table.remove(key.as_str())?;
    Some(Taken { table: around, key, meant: None })
}

fn take_inside(value: &mut Spanned<DeValue<'_>>, mistake: &Range<usize>) -> Option<Taken> {
    let span = value.span();
    match value.get_mut() {
        DeValue::Table(table) => take(table, span, mistake),
        DeValue::Array(items) => take_item(items, span, mistake),
        _ => None,
    }
}

fn take_item(items: &mut DeArray<'_>, around: Range<usize>, mistake: &Range<usize>) -> Option<Taken> {
    for item in items.iter_mut() {
        let inner = take_inside(item, mistake);
        if inner.is_some() {
            return inner;
        }
    }
    let is_it = |item: &Spanned<DeValue<'_>>| item.span() == *mistake;
    if !items.iter().any(is_it) {
        return None;
    }
    for item in std::mem::replace(items, DeArray::new()) {
        if !is_it(&item) {
            items.push(item);
        }
    }
    Some(Taken { table: around, key: String::new(), meant: None })
}

/// The right word that is nearest to the unknown one of a message such as "unknown field `fil`, expected one of `file`".
pub(super) fn meant_instead(message: &str) -> Option<&str> {
    let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let (unknown, known) = words.split_first().filter(|_| message.starts_with("unknown "))?;
    meant(unknown, known)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Table {
        #[serde(default)]
        count: u32,
        #[serde(default)]
        inner: BTreeMap<String, Inner>,
        #[serde(default)]
        list: Vec<Inner>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        file: String,
        #[serde(default)]
        size: u32,
    }

    /// The lines of a text in which there are mistakes, each with the beginning of what is wrong.
    #[track_caller]
    fn check(text: &str, expected: &[(usize, &str)]) -> Option<Table> {
        let Reading { read, mistakes, .. } = read::<Table>(&DeTable::parse(text).unwrap());
        let line = |error: &Error| text[..error.span().unwrap().start].matches('\n').count() + 1;
        let found: Vec<(usize, &str)> = mistakes.iter().map(|error| (line(error), error.message())).collect();
        assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.0 == expected.0 && found.1.starts_with(expected.1), "{text}: {found:?}, not {expected:?}");
        }
        read
    }

    #[test]
    fn every_mistake_is_found_and_the_rest_is_read() {
        let text =
            "cuont = 1\ncount = 2\n[inner.a]\nfil = \"a\"\nsize = \"x\"\n[inner.b]\nfile = \"b\"\nsise = 1\n[iner.c]\n";
        let expected = [
            (1, "unknown field `cuont`"),
            (4, "unknown field `fil`"),
            (5, "invalid type"),
            (8, "unknown field `sise`"),
            (9, "unknown field `iner`"),
        ];
        let read = check(text, &expected).unwrap();
        assert_eq!((read.count, read.inner["b"].file.as_str(), read.inner["b"].size), (2, "b", 0));
        assert!(!read.inner.contains_key("a"), "nothing says what its file is");
        assert_eq!(check("count = 3\n", &[]).unwrap().count, 3);
    }

    #[test]
    fn a_field_is_missing_unless_it_is_misspelt_or_wrong() {
        check("[inner.a]\nsize = 1\n[inner.b]\n", &[(1, "missing field `file`"), (3, "missing field `file`")]);
        check("[inner.a]\nfile = 1\n", &[(2, "invalid type")]);
        check("[inner.a]\nother = 1\n", &[(1, "missing field `file`"), (2, "unknown field `other`")]);
    }

    #[test]
    fn each_item_of_a_list_is_read() {
        let text =
            "list = [\n{ file = \"a\" },\n{ fiel = \"b\" },\n{ file = 3 },\n7,\n{ file = \"c\", size = -1 },\n]\n";
        let expected = [(3, "unknown field `fiel`"), (4, "invalid type"), (5, "invalid type"), (6, "invalid value")];
        let read = check(text, &expected).unwrap();
        assert_eq!(read.list.iter().map(|one| one.file.as_str()).collect::<Vec<_>>(), ["a", "c"]);
        check("[[list]]\nfile = \"a\"\n[[list]]\nfiel = \"b\"\n", &[(4, "unknown field `fiel`")]);
    }

    #[test]
    fn so_many_are_kept_and_the_others_counted() {
        let of = |keys: usize| {
            let text: String = (0..keys).map(|number| format!("key{number} = 1\n")).collect();
            let found = read::<Table>(&DeTable::parse(&text).unwrap());
            (found.mistakes.len(), found.more)
        };
        assert_eq!(of(MOST), (MOST, 0));
        assert_eq!(of(200), (MOST, 150));
        assert_eq!(of(LOOKED_FOR + 100), (MOST, LOOKED_FOR + 1 - MOST));
    }
}
