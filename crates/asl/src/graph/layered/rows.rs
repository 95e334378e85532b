//! Wide choices in rows. What one box leads to, and what then goes on together, need not stand in one rank: a hundred such
//! boxes are drawn as ten rows of ten. The lines to a row run down a trunk beside the rows above it, and each label
//! stands right above its box.

use std::collections::BTreeMap;

use super::Link;

/// So many boxes still stand in one row; and so many at least in each of several.
const WIDEST: usize = 12;
const NARROWEST: usize = 8;

/// By link, the row of the box that it leads to, from 0; nothing for the links that are in no rows.
pub(super) fn rows(boxes: usize, links: &[Link]) -> Vec<Option<usize>> {
    let is_leaf = leaves(boxes, links);
    // The place of each leaf among those of its box, in the order of the links, and how many these are.
    let (mut places, mut counts) = (vec![None; boxes], vec![0_usize; boxes]);
    for link in links.iter().filter(|link| is_leaf[link.to]) {
        if places[link.to].is_none() {
            places[link.to] = Some(counts[link.from]);
            counts[link.from] += 1;
        }
    }
    let row = |link: &Link| {
        let count = counts[link.from];
        places[link.to].filter(|_| count > WIDEST).map(|place: usize| place / in_a_row(count))
    };
    links.iter().map(row).collect()
}

/// How many of so many boxes stand in a row: about as many as there are rows, since rows with labels are half as high as a
/// box is wide.
fn in_a_row(count: usize) -> usize {
    let most = (count.isqrt() + 1).max(NARROWEST);
    count.div_ceil(count.div_ceil(most))
}

/// Which boxes are reached from one box alone, not as its handlers, and lead to nothing but one box that others lead to as
/// well: the same for all of them, since the lines to a second one would cross the trunks beside the rows.
fn leaves(boxes: usize, links: &[Link]) -> Vec<bool> {
    let (mut source, mut onward): (Vec<Option<usize>>, Vec<Option<usize>>) = (vec![None; boxes], vec![None; boxes]);
    let (mut joins, mut is_leaf) = (vec![false; boxes], vec![true; boxes]);
    for link in links {
        joins[link.to] |= source[link.to].is_some_and(|other| other != link.from);
        is_leaf[link.to] &= !link.aside;
        is_leaf[link.from] &= !link.aside && onward[link.from].is_none_or(|other| other == link.to);
        (source[link.to], onward[link.from]) = (Some(link.from), Some(link.to));
    }
    let is_own = |next: usize| !joins[next];
    let (mut groups, mut largest) = (BTreeMap::new(), BTreeMap::new());
    for vertex in 0..boxes {
        is_leaf[vertex] &= !joins[vertex] && source[vertex].is_some() && !onward[vertex].is_some_and(is_own);
        if is_leaf[vertex] {
            *groups.entry((source[vertex], onward[vertex])).or_insert(0_usize) += 1;
        }
    }
    for ((source, onward), count) in groups {
        let best = largest.entry(source).or_insert((count, onward));
        if count > best.0 {
            *best = (count, onward);
        }
    }
    let is_usual = |vertex: usize| largest.get(&source[vertex]).is_some_and(|(_, usual)| *usual == onward[vertex]);
    (0..boxes).map(|vertex| is_leaf[vertex] && is_usual(vertex)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(from: usize, to: usize) -> Link {
        Link { from, to, label: Some((40.0, 18.0)), class: 0, aside: false }
    }

    /// Box 0 leads to `count` boxes, and each of these to the last one.
    fn fan(count: usize) -> Vec<Link> {
        (1..=count).flat_map(|leaf| [link(0, leaf), link(leaf, count + 1)]).collect()
    }

    fn rows_of(count: usize, links: &[Link]) -> Vec<Option<usize>> {
        let rows = rows(count + 2, links);
        links.iter().zip(rows).filter(|(link, _)| link.from == 0).map(|(_, row)| row).collect()
    }

    #[test]
    fn many_boxes_of_one_stand_in_rows() {
        assert_eq!(rows_of(WIDEST, &fan(WIDEST)), [None; WIDEST]);
        assert_eq!(rows_of(13, &fan(13)), [[Some(0); 7].as_slice(), &[Some(1); 6]].concat());
        let hundred = rows_of(100, &fan(100));
        assert_eq!((hundred[0], hundred[9], hundred[10], hundred[99]), (Some(0), Some(0), Some(1), Some(9)));
    }

    #[test]
    fn a_box_that_goes_on_by_itself_is_in_no_row() {
        // The second one leads to a box of its own: twelve are left, and those stand in one row.
        let links = [fan(13), vec![link(2, 15)]].concat();
        assert!(rows(16, &links).iter().all(Option::is_none));
        // The fourth leads to the fifth instead, and the sixth to a handler of its own: neither those nor the fifth.
        let mut links = [fan(16), vec![link(4, 5), Link { aside: true, ..link(6, 18) }]].concat();
        links.retain(|one| *one != link(4, 17));
        let rows = rows(19, &links);
        let alone = links.iter().zip(&rows).filter(|(link, row)| link.from == 0 && row.is_none());
        assert_eq!(alone.map(|(link, _)| link.to).collect::<Vec<_>>(), [4, 5, 6]);
    }
}
