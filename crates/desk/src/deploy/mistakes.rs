//! Every mistake of a table, not the first one alone.
//!
//! serde stops at the first mistake, and it alone knows the keys and types of every table. So the entry with the mistake is taken
//! out, and what is left is read again, until nothing is wrong any more. Where one is missing, an empty text is put there, so that
//! the rest of its table is read. A mistake that only follows from an entry that was taken out or put there is none: the `file` is
//! not missing where it is written `fil`.

use std::borrow::Cow;
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
    /// The ways to the entries that were taken out or are missing: what was read is not what the text says there.
    pub gaps: Vec<Vec<String>>,
}

/// An entry that was taken out.
struct Taken {
    /// The span of the table that it was in, and the way to that table.
    table: Range<usize>,
    way: Vec<String>,
    /// Its key; empty of an item of a list.
    key: String,
    /// The right key that is nearest to it, where its own is unknown.
    meant: Option<String>,
}

impl Taken {
    /// The same, in a table or list that is within another one.
    fn within(mut self, step: &str) -> Self {
        self.way.insert(0, step.to_owned());
        self
    }
}

/// A field that was missing, and that has an empty text now.
struct Filled {
    table: Range<usize>,
    field: String,
    way: Vec<String>,
}

/// Where a table is not read as it is written.
#[derive(Default)]
struct Gaps {
    taken: Vec<Taken>,
    filled: Vec<Filled>,
}

impl Gaps {
    fn count(&self) -> usize {
        self.taken.len() + self.filled.len()
    }

    /// Whether a mistake follows from them.
    fn lead_to(&self, error: &Error, span: &Range<usize>) -> bool {
        self.is_filled(span, missing_field(error.message())) || follows(error, span, &self.taken)
    }

    /// Whether a field of a table was missing; without a field, whether any was, whose empty text may be of the wrong type.
    fn is_filled(&self, table: &Range<usize>, field: Option<&str>) -> bool {
        self.filled.iter().any(|one| one.table == *table && field.is_none_or(|field| field == one.field))
    }

    /// Takes out of the table what a mistake is about, or puts in what it misses. Returns whether that could be done.
    fn add(&mut self, left: &mut Spanned<DeTable<'_>>, error: &Error, span: &Range<usize>) -> bool {
        let missing = missing_field(error.message()).filter(|field| !self.is_filled(span, Some(*field)));
        if let Some(field) = missing
            && let Some(way) = fill(left, span, field)
        {
            self.filled.push(Filled { table: span.clone(), field: field.to_owned(), way });
            return true;
        }
        let around = left.span();
        let Some(one) = take(left.get_mut(), around, span) else { return false };
        self.taken.push(Taken { meant: meant_instead(error.message()).map(str::to_owned), ..one });
        true
    }

    fn ways(self) -> Vec<Vec<String>> {
        let taken = self.taken.into_iter().map(|one| (one.way, one.key));
        let all = taken.chain(self.filled.into_iter().map(|one| (one.way, one.field)));
        all.map(|(way, key)| way.into_iter().chain([key]).collect()).collect()
    }
}

/// Reads a table.
pub(super) fn read<T: DeserializeOwned>(table: &Spanned<DeTable<'_>>) -> Reading<T> {
    let mut left = table.clone();
    let (mut mistakes, mut more, mut gaps): (Vec<Error>, usize, Gaps) = (Vec::new(), 0, Gaps::default());
    let read = loop {
        let error = match <T as serde::Deserialize<'_>>::deserialize(Deserializer::from(left.clone())) {
            Ok(read) => break Some(read),
            Err(error) => error,
        };
        let span = error.span().unwrap_or_default();
        if !gaps.lead_to(&error, &span) {
            if mistakes.len() < MOST {
                mistakes.push(error.clone());
            } else {
                more += 1;
            }
        }
        if gaps.count() >= LOOKED_FOR || !gaps.add(&mut left, &error, &span) {
            break None;
        }
    };
    mistakes.sort_by_key(|error| error.span().map(|span| span.start));
    Reading { read, mistakes, more, gaps: gaps.ways() }
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
    for (key, value) in table.iter_mut() {
        if let Some(inner) = take_inside(value, mistake) {
            return Some(inner.within(key.get_ref()));
        }
    }
    let mut entries = table.iter();
    let (key, _) = entries.find(|(key, value)| key.span() == *mistake || value.span() == *mistake)?;
    let key = key.get_ref().to_string();
    table.remove(key.as_str())?;
    Some(Taken { table: around, way: Vec::new(), key, meant: None })
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
    for (index, item) in items.iter_mut().enumerate() {
        if let Some(inner) = take_inside(item, mistake) {
            return Some(inner.within(&index.to_string()));
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
    Some(Taken { table: around, way: Vec::new(), key: String::new(), meant: None })
}

/// Puts an empty text where a field is missing. Returns the way to its table; `None` where the span is not that of one table
/// alone, as with tables that no header opens.
fn fill(left: &mut Spanned<DeTable<'_>>, span: &Range<usize>, field: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    tables_at(left.get_ref(), &left.span(), span, &mut Vec::new(), &mut found);
    let [way] = &found[..] else { return None };
    let key = Spanned::new(span.clone(), Cow::Owned(field.to_owned()));
    let value = Spanned::new(span.clone(), DeValue::String(Cow::Borrowed("")));
    table_at(left.get_mut(), way)?.insert(key, value);
    found.pop()
}

/// The ways to the tables that have this span.
fn tables_at(
    table: &DeTable<'_>,
    around: &Range<usize>,
    span: &Range<usize>,
    way: &mut Vec<String>,
    found: &mut Vec<Vec<String>>,
) {
    if around == span {
        found.push(way.clone());
    }
    for (key, value) in table {
        way.push(key.get_ref().to_string());
        tables_inside(value, span, way, found);
        way.pop();
    }
}

fn tables_inside(
    value: &Spanned<DeValue<'_>>,
    span: &Range<usize>,
    way: &mut Vec<String>,
    found: &mut Vec<Vec<String>>,
) {
    match value.get_ref() {
        DeValue::Table(table) => tables_at(table, &value.span(), span, way, found),
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                way.push(index.to_string());
                tables_inside(item, span, way, found);
                way.pop();
            }
        }
        _ => {}
    }
}

fn table_at<'t, 'i>(table: &'t mut DeTable<'i>, way: &[String]) -> Option<&'t mut DeTable<'i>> {
    let Some((step, rest)) = way.split_first() else { return Some(table) };
    table_inside(table.get_mut(step.as_str())?.get_mut(), rest)
}

fn table_inside<'t, 'i>(value: &'t mut DeValue<'i>, way: &[String]) -> Option<&'t mut DeTable<'i>> {
    match value {
        DeValue::Table(table) => table_at(table, way),
        DeValue::Array(items) => {
            let (step, rest) = way.split_first()?;
            // The ways are those of `tables_at`, which writes an item's index: where one leads nowhere, nothing is put there, and
            // the mistake itself is said.
            table_inside(items.get_mut(step.parse::<usize>().ok()?)?.get_mut(), rest)
        }
        _ => None,
    }
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
        assert_eq!(read.inner["a"].file, "", "nothing says what its file is, and the rest of it is read");
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
        assert_eq!(read.list.iter().map(|one| one.file.as_str()).collect::<Vec<_>>(), ["a", "", "", "c"]);
        check("[[list]]\nfile = \"a\"\n[[list]]\nfiel = \"b\"\n", &[(4, "unknown field `fiel`")]);
    }

    #[test]
    fn what_is_not_read_as_it_is_written_is_named() {
        let text =
            "cuont = 1\n[inner.a]\nfil = \"a\"\nsize = 1\n[inner.b]\n[[list]]\nfile = \"c\"\n[[list]]\nfile = 3\n";
        let Reading { read, gaps, .. } = read::<Table>(&DeTable::parse(text).unwrap());
        let mut gaps: Vec<String> = gaps.iter().map(|way| way.join(".")).collect();
        gaps.sort_unstable();
        let expected = ["cuont", "inner.a.fil", "inner.a.file", "inner.b.file", "list.1.file", "list.1.file"];
        assert_eq!(gaps, expected, "taken out, and missing");
        assert_eq!(read.unwrap().inner["a"].size, 1);
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Measured {
        size: u32,
    }

    #[test]
    fn a_missing_number_is_one_mistake() {
        for (text, expected) in
            [("[a]\n[b]\nsize = 1\n", "missing field `size`"), ("[a]\nsiez = 1\n", "unknown field `siez`")]
        {
            let Reading { read, mistakes, .. } = read::<BTreeMap<String, Measured>>(&DeTable::parse(text).unwrap());
            let found: Vec<&str> = mistakes.iter().map(Error::message).collect();
            assert!(matches!(found[..], [one] if one.starts_with(expected)), "{text}: {found:?}");
            let read = read.unwrap();
            assert!(!read.contains_key("a") && read.values().all(|one| one.size == 1), "{text}: no text is a number");
        }
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
