//! Names of resources that a template does not name.
//!
//! CloudFormation joins the stack's name, the logical ID and a generated suffix, shortened to what the service allows
//! (CloudFormation User Guide, "Name type"). Limits are those of the services' own references.

use super::ResourceType;

/// How the name of an unnamed resource is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameRule {
    /// Characters that a name may have.
    pub longest: usize,
    /// Whether the stack's name is part of it. The reference of state machines shows `MyStateMachine-1234abcdefgh`.
    with_stack: bool,
    /// Whether only small letters are allowed.
    small: bool,
    /// The property that asks for the ending `.fifo`.
    fifo: Option<&'static str>,
}

const fn rule(longest: usize) -> NameRule {
    NameRule { longest, with_stack: true, small: false, fifo: None }
}

pub(super) const NAME_64: NameRule = rule(64);
pub(super) const NAME_80: NameRule = rule(80);
pub(super) const NAME_128: NameRule = rule(128);
pub(super) const NAME_255: NameRule = rule(255);
pub(super) const NAME_512: NameRule = rule(512);
pub(super) const STATE_MACHINE: NameRule = NameRule { with_stack: false, ..rule(80) };
pub(super) const TOPIC: NameRule = NameRule { fifo: Some("FifoTopic"), ..rule(256) };
pub(super) const QUEUE: NameRule = NameRule { fifo: Some("FifoQueue"), ..rule(80) };
pub(super) const BUCKET: NameRule = NameRule { small: true, ..rule(63) };
pub(super) const REPOSITORY: NameRule = NameRule { small: true, ..rule(256) };

/// Characters of the generated suffix, and what they are chosen of.
const SUFFIX: usize = 12;
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

impl NameRule {
    /// The name: `choose` returns a number below the one that it is given.
    fn name(self, stack: &str, logical_id: &str, fifo: bool, choose: &mut dyn FnMut(usize) -> usize) -> String {
        let suffix: String = (0..SUFFIX).map(|_| char::from(LETTERS[choose(LETTERS.len()) % LETTERS.len()])).collect();
        let ending = if fifo { ".fifo" } else { "" };
        let room = self.longest - SUFFIX - 1 - ending.len();
        let begin = if self.with_stack { shortened(stack, logical_id, room) } else { cut(logical_id, room).to_owned() };
        let name = format!("{begin}-{suffix}{ending}");
        if self.small { name.to_lowercase() } else { name }
    }
}

/// The two joined; where they are too long, each keeps its beginning, and half of the room if it needs it.
fn shortened(stack: &str, logical_id: &str, room: usize) -> String {
    let room = room - 1;
    if stack.len() + logical_id.len() <= room {
        return format!("{stack}-{logical_id}");
    }
    let half = room / 2;
    let for_stack = if logical_id.len() < half { room - logical_id.len() } else { half.min(stack.len()) };
    let stack = cut(stack, for_stack);
    format!("{stack}-{}", cut(logical_id, room - stack.len()))
}

fn cut(text: &str, longest: usize) -> &str {
    text.char_indices().nth(longest).map_or(text, |(at, _)| &text[..at]).trim_end_matches('-')
}

/// The name of a resource that its properties do not name. `None` for types without names. `choose` is the source of
/// chance: it returns a number below the one that it is given.
pub fn physical_name(
    kind: &ResourceType,
    stack: &str,
    logical_id: &str,
    properties: &crate::value::Map,
    choose: &mut dyn FnMut(usize) -> usize,
) -> Option<String> {
    let (_, rule) = kind.naming?;
    let fifo = rule.fifo.is_some_and(|property| properties.get(property).and_then(|fifo| fifo.bool()) == Some(true));
    Some(rule.name(stack, logical_id, fifo, choose))
}
