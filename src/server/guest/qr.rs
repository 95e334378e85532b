//! QR codes: of half blocks on a terminal, and as an SVG path on a page.

use qrcode::{Color, EcLevel, QrCode};

/// Modules of light around a code, which readers need.
const QUIET: usize = 4;

/// A QR code.
#[derive(Debug)]
pub struct Drawing {
    dark: Vec<bool>,
    width: usize,
}

impl Drawing {
    /// The code of a text; `None` of one that is too long for any: they hold 2,953 bytes.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        // A screen is neither torn nor dirty, and a small code has larger modules.
        let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
        let width = code.width();
        Some(Self { dark: code.into_colors().into_iter().map(|color| color == Color::Dark).collect(), width })
    }

    /// The modules of a side, with the light around them.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.width + 2 * QUIET
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < self.width);
        inside(x).zip(inside(y)).is_some_and(|(x, y)| self.dark[y * self.width + x])
    }

    /// The dark modules as the path of an SVG, one unit each, in the light around them.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::new();
        for y in 0..self.size() {
            let mut x = 0;
            while x < self.size() {
                let run = (x..self.size()).take_while(|x| self.is_dark(*x, y)).count();
                if run > 0 {
                    path += &format!("M{x} {y}h{run}v1h-{run}z");
                }
                x += run + 1;
            }
        }
        path
    }

    /// The code as lines of half blocks. What is light is drawn, as on a dark terminal; with `colours` it says which is which.
    #[must_use]
    pub fn lines(&self, colours: bool) -> Vec<String> {
        let half = |x: usize, y: usize| match (self.is_dark(x, y), self.is_dark(x, y + 1)) {
            (false, false) => '█',
            (false, true) => '▀',
            (true, false) => '▄',
            (true, true) => ' ',
        };
        let line = |y: usize| (0..self.size()).map(|x| half(x, y)).collect::<String>();
        let coloured = |line: String| if colours { format!("\u{1b}[97;40m{line}\u{1b}[0m") } else { line };
        (0..self.size()).step_by(2).map(line).map(coloured).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a short text has a code")]
    use super::*;

    const LINK: &str =
        "http://192.168.100.200:3030/?code=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    /// What the lines show: whether the module at a place is dark.
    fn of_lines(lines: &[String], x: usize, y: usize) -> bool {
        let letter = lines[y / 2].chars().nth(x).unwrap();
        match letter {
            '█' => false,
            '▀' => !y.is_multiple_of(2),
            '▄' => y.is_multiple_of(2),
            ' ' => true,
            other => panic!("{other:?}"),
        }
    }

    /// What the path fills.
    fn of_path(path: &str) -> Vec<(usize, usize)> {
        let mut dark = Vec::new();
        for run in path.split_terminator('z') {
            let (place, shape) = run.strip_prefix('M').unwrap().split_once('h').unwrap();
            let (x, y) = place.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let (length, rest) = shape.split_once('v').unwrap();
            assert_eq!(rest, format!("1h-{length}"));
            dark.extend((x..x + length.parse::<usize>().unwrap()).map(|x| (x, y)));
        }
        dark
    }

    #[test]
    fn the_page_and_the_terminal_draw_the_same_code() {
        let drawing = Drawing::of(LINK).unwrap();
        let (lines, dark) = (drawing.lines(false), of_path(&drawing.path()));
        for (x, y) in (0..drawing.size()).flat_map(|x| (0..drawing.size()).map(move |y| (x, y))) {
            assert_eq!(of_lines(&lines, x, y), dark.contains(&(x, y)), "{x} {y}");
            assert_eq!(drawing.is_dark(x, y), dark.contains(&(x, y)), "{x} {y}");
        }
        // The three corners by which a reader finds it, within the light around it.
        let far = drawing.size() - QUIET - 1;
        assert!(dark.contains(&(QUIET, QUIET)) && dark.contains(&(far, QUIET)) && dark.contains(&(QUIET, far)));
        assert!(dark.iter().all(|(x, y)| (QUIET..=far).contains(x) && (QUIET..=far).contains(y)));
    }

    #[test]
    fn a_terminal_has_room_for_it() {
        let lines = Drawing::of(LINK).unwrap().lines(false);
        assert!(lines.len() <= 24 && lines.iter().all(|line| line.chars().count() <= 50), "{}", lines.len());
        let coloured = Drawing::of(LINK).unwrap().lines(true);
        assert!(coloured.iter().all(|line| line.starts_with("\u{1b}[97;40m") && line.ends_with("\u{1b}[0m")));
        assert!(Drawing::of(&"x".repeat(3_000)).is_none());
    }
}
