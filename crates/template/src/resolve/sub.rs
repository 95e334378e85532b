//! The texts of `Fn::Sub`.

/// A piece of a text of `Fn::Sub`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    Text(&'t str),
    /// `${!name}`, which stands for `${name}`.
    Literal(&'t str),
    /// `${name}`, or `${name.attribute}`.
    Name(&'t str),
}

/// The pieces of a text. A `${` that is not closed is text.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let Some(length) = rest[at..].find('}') else { break };
        let inside = &rest[at + 2..at + length];
        pieces.push(Piece::Text(&rest[..at]));
        pieces.push(inside.strip_prefix('!').map_or(Piece::Name(inside.trim()), Piece::Literal));
        rest = &rest[at + length + 1..];
    }
    pieces.push(Piece::Text(rest));
    pieces.retain(|piece| *piece != Piece::Text(""));
    pieces
}
