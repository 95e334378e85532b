//! The colours that tell connections apart.

use std::str::FromStr;

use super::ConnectionKind;

/// A colour. The site's style gives each one a value for each theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    Teal,
    Blue,
    Purple,
    Pink,
    Red,
    Amber,
    Green,
    Grey,
}

/// The text names no colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no colour of a connection")]
pub struct UnknownColour;

impl Colour {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Teal, Self::Blue, Self::Purple, Self::Pink, Self::Red, Self::Amber, Self::Green, Self::Grey];

    /// Its name in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Teal => "teal",
            Self::Blue => "blue",
            Self::Purple => "purple",
            Self::Pink => "pink",
            Self::Red => "red",
            Self::Amber => "amber",
            Self::Green => "green",
            Self::Grey => "grey",
        }
    }

    /// That of a connection for which none is configured.
    #[must_use]
    pub const fn of_kind(kind: ConnectionKind) -> Self {
        match kind {
            ConnectionKind::Embedded => Self::Teal,
            ConnectionKind::Endpoint => Self::Purple,
            ConnectionKind::Aws => Self::Amber,
        }
    }
}

impl FromStr for Colour {
    type Err = UnknownColour;

    fn from_str(text: &str) -> Result<Self, UnknownColour> {
        Self::ALL.into_iter().find(|colour| colour.as_str() == text).ok_or(UnknownColour)
    }
}
