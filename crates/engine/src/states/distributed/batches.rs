//! `ItemBatcher`: several items for one child execution.

use std::sync::Arc;

use serde_json::{Value, json};

use super::at_state;
use crate::execution::Execution;
use crate::failure::{Failure, PAYLOAD};
use crate::ids::{ChildIndex, ThreadId};
use crate::program::{CompileError, Fields};
use crate::states::{Amount, map};
use crate::template::Template;
use crate::thread::Children;

#[derive(Debug)]
pub(crate) struct Batcher {
    most: Option<Amount>,
    bytes: Option<Amount>,
    input: Option<Template>,
}

impl Batcher {
    pub fn compile(fields: &Fields<'_>) -> Result<Option<Batcher>, CompileError> {
        let Some(object) = fields.get("ItemBatcher").and_then(Value::as_object) else {
            return Ok(None);
        };
        let at = fields.place("ItemBatcher");
        let fields = Fields { object, jsonata: fields.jsonata, at: &at };
        Ok(Some(Batcher {
            most: Amount::compile(&fields, "MaxItemsPerBatch")?,
            bytes: Amount::compile(&fields, "MaxInputBytesPerBatch")?,
            input: fields.template("BatchInput")?,
        }))
    }

    /// Puts the items (each through `ItemSelector`) into batches.
    pub fn batch(&self, execution: &mut Execution, thread: ThreadId) -> Result<(), Failure> {
        let program = Arc::clone(&execution.program);
        let Some((_, map)) = at_state(&program, execution, thread) else { return Ok(()) };
        let at = &execution.threads[thread];
        let Children::Map(iterations) = &at.children else { return Ok(()) };
        let view = execution.view(at, &iterations.input.value);
        let amount = |amount: &Option<Amount>| {
            let Some(amount) = amount else { return Ok(None) };
            match amount.value(&view)? {
                n if n > 0 => Ok(usize::try_from(n).ok()),
                n => Err(amount.out_of_range(|field| format!("{field} must be a positive integer, but was {n}."))),
            }
        };
        let most = amount(&self.most)?.unwrap_or(usize::MAX);
        let bytes = amount(&self.bytes)?.unwrap_or(PAYLOAD).min(PAYLOAD);
        let input = self.input.as_ref().map(|t| t.value(&view)).transpose()?;
        drop(view);
        let mut items = Vec::with_capacity(iterations.items.len());
        for (index, item) in iterations.items.iter().enumerate() {
            items.push(map::item_input(execution, thread, map, ChildIndex(index), item)?);
        }
        let mut batches = Vec::new();
        let sizes: Vec<usize> = items.iter().map(|item| item.text.len()).collect();
        let empty = written(input.as_ref(), &[]).to_string().len();
        let mut items = items.into_iter().map(|item| Arc::unwrap_or_clone(item.value));
        for count in counts(&sizes, most, bytes, empty)? {
            let chunk: Vec<Value> = items.by_ref().take(count).collect();
            batches.push(Arc::new(written(input.as_ref(), &chunk)));
        }
        if let Children::Map(iterations) = &mut execution.threads[thread].children {
            iterations.results = vec![None; batches.len()];
            iterations.items = batches;
        }
        Ok(())
    }
}

/// The input of a child execution.
fn written(input: Option<&Value>, items: &[Value]) -> Value {
    match input {
        Some(input) => json!({ "BatchInput": input, "Items": items }),
        None => json!({ "Items": items }),
    }
}

/// How many items each batch takes: at most `most`, and as many as fit into `bytes` by their texts' `sizes`. `empty` is
/// the size of a batch without items.
fn counts(sizes: &[usize], most: usize, bytes: usize, empty: usize) -> Result<Vec<usize>, Failure> {
    let mut counts: Vec<usize> = Vec::new();
    let (mut count, mut length) = (0, empty);
    for size in sizes {
        if empty + size > bytes {
            let cause = format!("An item of {size} bytes does not fit into a batch of at most {bytes} bytes.");
            return Err(Failure::new(crate::failure::DATA_LIMIT, cause));
        }
        // Every item but the first follows a comma.
        let more = size + usize::from(count > 0);
        if count == most || length + more > bytes {
            counts.push(std::mem::take(&mut count));
            length = empty + size;
        } else {
            length += more;
        }
        count += 1;
    }
    counts.extend((count > 0).then_some(count));
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sizes: &[usize], most: usize, bytes: usize, expect: Option<&[usize]>) {
        assert_eq!(counts(sizes, most, bytes, 12).ok().as_deref(), expect);
    }

    #[test]
    fn batches_keep_both_limits() {
        check(&[1; 5], 2, 1_000, Some(&[2, 2, 1]));
        // `{"Items":[1,1,1]}` has 17 bytes.
        check(&[1; 5], 10, 17, Some(&[3, 2]));
        check(&[1; 5], 10, 16, Some(&[2, 2, 1]));
        check(&[1, 6], 10, 17, None);
        check(&[], 2, 1_000, Some(&[]));
    }
}
