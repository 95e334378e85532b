//! The lines of a drawing, as the data of paths.

/// How round the corners of lines are.
const ROUND: f32 = 6.0;

/// The line without the piece that its label covers. A label stands on a leg that runs straight down.
pub fn pieces(points: &[(f32, f32)], label: Option<(f32, f32)>, size: (f32, f32)) -> Vec<Vec<(f32, f32)>> {
    let whole = || vec![points.to_vec()];
    let Some((x, y)) = label else { return whole() };
    let (above, below) = (y - size.1 / 2.0 - 1.0, y + size.1 / 2.0 + 1.0);
    // Both are rounded to whole pixels.
    let is_covered = |leg: &[(f32, f32)]| {
        let (low, high) = (leg[0].1.min(leg[1].1), leg[0].1.max(leg[1].1));
        (leg[0].0 - x).abs() < 1.5 && (leg[1].0 - x).abs() < 1.5 && low < below && above < high
    };
    let Some(at) = points.windows(2).position(is_covered) else { return whole() };
    let (first, last) = (points[at], points[at + 1]);
    let down = first.1 < last.1;
    let (enter, leave) = if down { (above, below) } else { (below, above) };
    let mut before = points[..=at].to_vec();
    if (first.1 < enter) == down {
        before.push((first.0, enter));
    }
    let mut after = Vec::new();
    if (last.1 > leave) == down {
        after.push((last.0, leave));
    }
    after.extend_from_slice(&points[at + 1..]);
    vec![before, after]
}

/// A line through the points with its corners rounded.
pub fn path(points: &[(f32, f32)]) -> String {
    let [(x, y), ..] = points else { return String::new() };
    let mut out = format!("M{} {}", px(*x), px(*y));
    for leg in points.windows(3) {
        let [before, corner, after] = [leg[0], leg[1], leg[2]];
        let ((in_x, in_y), (out_x, out_y)) = (beside(corner, before), beside(corner, after));
        out.push_str(&format!(
            "L{} {}Q{} {} {} {}",
            px(in_x),
            px(in_y),
            px(corner.0),
            px(corner.1),
            px(out_x),
            px(out_y)
        ));
    }
    if let [_, .., (x, y)] = points {
        out.push_str(&format!("L{} {}", px(*x), px(*y)));
    }
    out
}

/// The point on the way from a corner to its neighbour where the rounding begins: half way where there is no room.
fn beside(corner: (f32, f32), neighbour: (f32, f32)) -> (f32, f32) {
    let (dx, dy) = (neighbour.0 - corner.0, neighbour.1 - corner.1);
    let part = (ROUND / dx.hypot(dy).max(0.001)).min(0.5);
    (corner.0 + dx * part, corner.1 + dy * part)
}

/// The head of an arrow at the line's end, pointing where its last leg points.
pub fn arrow(points: &[(f32, f32)]) -> String {
    let [.., (from_x, from_y), (x, y)] = points else { return String::new() };
    let (dx, dy) = (x - from_x, y - from_y);
    let length = dx.hypot(dy).max(0.001);
    let (ux, uy) = (dx / length, dy / length);
    let (back_x, back_y) = (x - ux * 7.0, y - uy * 7.0);
    let side = |by: f32| format!("L{} {}", px(back_x - uy * by), px(back_y + ux * by));
    format!("M{} {}{}{}Z", px(*x), px(*y), side(4.0), side(-4.0))
}

/// A length to the pixel: a drawing needs no more, and the browser no code that writes fractions.
pub fn px(length: f32) -> i32 {
    length.round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_leaves_room_for_its_label() {
        let line = [(0.0, 0.0), (9.0, 0.0), (9.0, 60.0), (0.0, 60.0)];
        let upwards: Vec<(f32, f32)> = line.iter().rev().copied().collect();
        let label = (Some((9.0, 30.0)), (40.0, 14.0));
        let expect = vec![vec![line[0], line[1], (9.0, 22.0)], vec![(9.0, 38.0), line[2], line[3]]];
        assert_eq!(pieces(&line, label.0, label.1), expect);
        let turned: Vec<Vec<(f32, f32)>> =
            expect.into_iter().rev().map(|piece| piece.into_iter().rev().collect()).collect();
        assert_eq!(pieces(&upwards, label.0, label.1), turned);
        assert_eq!(pieces(&line, Some((10.0, 30.0)), label.1), pieces(&line, label.0, label.1));
        assert_eq!(pieces(&line, None, (0.0, 0.0)), vec![line.to_vec()]);
    }

    #[test]
    fn lines_end_at_their_last_point() {
        for (points, expect) in [
            (vec![], ""),
            (vec![(0.0, 0.0), (0.0, 10.0)], "M0 0L0 10"),
            (vec![(0.0, 0.0), (0.0, 20.0), (30.0, 20.0)], "M0 0L0 14Q0 20 6 20L30 20"),
            (vec![(0.0, 0.0), (4.0, 0.0), (4.0, 40.0)], "M0 0L2 0Q4 0 4 6L4 40"),
        ] {
            assert_eq!(path(&points), expect);
        }
    }
}
