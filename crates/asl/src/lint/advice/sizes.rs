//! Outputs that grow with the number of items: 256 KiB is the most that a state passes on.

use serde_json::{Map, Value};

use super::Advice;
use super::walk::StateAt;
use crate::model::QueryLanguage;
use crate::rule::Rule;

/// So few items are no risk.
const FEW: u64 = 100;

pub(super) fn check(advice: &mut Advice, at: &StateAt) {
    if !at.is_distributed_map() || at.state.contains_key("ResultWriter") || !keeps_result(at) || is_short(at.state) {
        return;
    }
    advice.advise(
        Rule::PayloadLimit,
        &at.path,
        "The results of all items become the state's output: above 256 KiB the state fails with States.DataLimitExceeded",
        "Add a ResultWriter, which writes them to S3, or drop them: \"ResultPath\": null, or an Output without \
         $states.result.",
    );
}

/// Whether the result goes into the output.
fn keeps_result(at: &StateAt) -> bool {
    match at.language {
        QueryLanguage::JsonPath => at.state.get("ResultPath").is_none_or(|path| !path.is_null()),
        QueryLanguage::Jsonata => match at.state.get("Output") {
            None => true,
            Some(output) => {
                let text = output.to_string();
                text.contains("$states.result") || text.contains("${")
            }
        },
    }
}

/// Whether the items are counted, and few.
fn is_short(map: &Map<String, Value>) -> bool {
    let most =
        map.get("ItemReader").and_then(|reader| reader.pointer("/ReaderConfig/MaxItems")).and_then(Value::as_u64);
    let listed = map.get("Items").and_then(Value::as_array).and_then(|items| u64::try_from(items.len()).ok());
    most.or(listed).is_some_and(|items| items <= FEW)
}
