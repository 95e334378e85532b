//! The buttons of the page: plain forms, which are answered with the page again.

use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use crate::app::arrival::{CONNECTION, PROOF};
use crate::app::here::WHY;
use crate::app::server_fns;

/// What a form of the page does. Its word is that of the field `act`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Deploy,
    Propose,
    Approve,
    Reject,
    Withdraw,
    RollBack,
    Finish,
}

impl Act {
    /// Every act with its word.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Deploy, "deploy"),
        (Self::Propose, "propose"),
        (Self::Approve, "approve"),
        (Self::Reject, "reject"),
        (Self::Withdraw, "withdraw"),
        (Self::RollBack, "roll-back"),
        (Self::Finish, "finish"),
    ];

    /// The act of a word; without one it is a deployment.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        if word.is_empty() {
            return Some(Self::Deploy);
        }
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(act, _)| *act)
    }

    fn word(self) -> &'static str {
        // Proof of the default: every act is in the list.
        Self::ALL.iter().find(|(act, _)| *act == self).map_or("", |(_, word)| word)
    }

    /// Whether there is room for a comment.
    const fn has_comment(self) -> bool {
        matches!(self, Self::Approve | Self::Reject)
    }
}

/// A button that sends the hash of what was shown.
#[derive(Clone, Copy)]
pub struct Form<'a> {
    pub connection: &'a str,
    /// The workflow; empty for all.
    pub name: &'a str,
    /// The hash of what was shown; empty where it may not be deployed.
    pub seen: &'a str,
    pub word: &'static str,
    pub class: &'static str,
    pub read_only: bool,
}

impl Form<'_> {
    /// The form that does this, with further fields.
    pub fn of(&self, act: Act, more: &[(&'static str, &str)]) -> AnyView {
        let cannot = self.read_only || self.seen.is_empty();
        let hidden = |(name, value): &(&'static str, &str)| {
            view! { <input type="hidden" name=*name value=(*value).to_owned()/> }
        };
        let comment = act.has_comment().then(|| {
            view! { <input type="text" name="comment" maxlength="2000" placeholder="Comment" aria-label=format!("Comment for {}", self.word)/> }
        });
        view! {
            <form method="post" action=server_fns::Deploy::PATH class="plan-form">
                <input type="hidden" name=PROOF value=crate::server::proof(self.connection)/>
                <input type="hidden" name=CONNECTION value=self.connection.to_owned()/>
                <input type="hidden" name="name" value=self.name.to_owned()/>
                <input type="hidden" name="seen" value=self.seen.to_owned()/>
                <input type="hidden" name="act" value=act.word()/>
                {more.iter().map(hidden).collect_view()}
                {comment}
                <button class=self.class type="submit" disabled=cannot aria-describedby=cannot.then_some(WHY)>{self.word}</button>
            </form>
        }
        .into_any()
    }
}

#[cfg(test)]
mod tests {
    use super::Act;

    #[test]
    fn an_act_is_read_as_it_is_written() {
        for (act, word) in Act::ALL {
            assert_eq!(Act::of(word), Some(act), "{word}");
            assert_eq!(act.word(), word);
        }
        assert_eq!((Act::of(""), Act::of("delete")), (Some(Act::Deploy), None));
    }
}
