//! The functions that clients made, beside those of the file.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::config::Spec;
use super::pool::Pool;
use super::worker::Worker;
use crate::host::{AccountRegion, lock};

/// One function and its processes.
pub struct Function {
    pub spec: Spec,
    pub pool: Pool,
}

/// Every function that a client made, by its ARN, which names a version where it is one.
#[derive(Default)]
pub struct Made {
    functions: Mutex<BTreeMap<String, Arc<Function>>>,
    /// The ARN of the function or version that each alias leads to, by its own ARN.
    aliases: Mutex<BTreeMap<String, String>>,
}

impl Made {
    /// The function with this ARN. Whoever holds it may call it to the end, though it is replaced.
    pub fn get(&self, arn: &str) -> Option<Arc<Function>> {
        lock(&self.functions).get(arn).cloned()
    }

    /// Whether there is one.
    pub fn has(&self, arn: &str) -> bool {
        lock(&self.functions).contains_key(arn)
    }

    /// Puts a function in the place of the one with this ARN; returns that one's idle processes. Those that are busy end
    /// with their calls.
    pub fn put(&self, arn: String, spec: Spec) -> Vec<Worker> {
        let function = Arc::new(Function { pool: Pool::new(spec.most()), spec });
        let old = lock(&self.functions).insert(arn, function);
        old.map(|old| old.pool.empty()).unwrap_or_default()
    }

    /// Removes a function; returns its idle processes.
    pub fn remove(&self, arn: &str) -> Vec<Worker> {
        let old = lock(&self.functions).remove(arn);
        old.map(|old| old.pool.empty()).unwrap_or_default()
    }

    /// Lets an alias lead to a function or version.
    pub fn point(&self, alias: String, target: String) {
        lock(&self.aliases).insert(alias, target);
    }

    /// Forgets an alias.
    pub fn unpoint(&self, alias: &str) {
        lock(&self.aliases).remove(alias);
    }

    /// Where an alias leads.
    pub fn target(&self, alias: &str) -> Option<String> {
        lock(&self.aliases).get(alias).cloned()
    }

    /// The functions' names.
    pub fn names(&self) -> Vec<String> {
        lock(&self.functions).keys().map(|key| name_in(key).to_owned()).collect()
    }

    /// The processes that `of` takes out of every function's pool.
    pub fn take(&self, of: impl Fn(&Pool) -> Vec<Worker>) -> Vec<Worker> {
        lock(&self.functions).values().flat_map(|function| of(&function.pool)).collect()
    }
}

/// The version that the key of a function means.
#[must_use]
pub fn version_of(key: &str) -> &str {
    key.split(':').nth(7).unwrap_or("$LATEST")
}

/// The name in the key of a function.
pub fn name_in(key: &str) -> &str {
    key.split_once(":function:").map_or(key, |(_, rest)| rest.split(':').next().unwrap_or(rest))
}

/// What a function's name or ARN says: its account and region, its name, and its qualifier.
#[must_use]
pub fn parts<'a>(caller: &AccountRegion, function: &'a str) -> (AccountRegion, &'a str, Option<&'a str>) {
    let (place, rest) = match function.split_once(":function:") {
        Some((before, rest)) if before.starts_with("arn:") => (caller.around(before), rest),
        // `ACCOUNT:function:NAME`
        Some((account, rest)) => (AccountRegion { account: account.to_owned(), region: caller.region.clone() }, rest),
        None => (caller.clone(), function),
    };
    match rest.split_once(':') {
        Some((name, qualifier)) => (place, name, Some(qualifier)),
        None => (place, rest, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_in_several_ways() {
        let place =
            |region: &str, account: &str| AccountRegion { region: region.to_owned(), account: account.to_owned() };
        let own = place("r", "1");
        for (text, expected) in [
            ("f", (own.clone(), "f", None)),
            ("f:live", (own.clone(), "f", Some("live"))),
            ("2:function:f", (place("r", "2"), "f", None)),
            ("arn:aws:lambda:s:2:function:f", (place("s", "2"), "f", None)),
            ("arn:aws:lambda:s:2:function:f:$LATEST", (place("s", "2"), "f", Some("$LATEST"))),
        ] {
            assert_eq!(parts(&own, text), expected, "{text}");
        }
        assert_eq!((version_of("f"), version_of("arn:aws:lambda:r:1:function:f:3")), ("$LATEST", "3"));
        assert_eq!((name_in("f"), name_in("arn:aws:lambda:r:1:function:f:3")), ("f", "f"));
    }
}
