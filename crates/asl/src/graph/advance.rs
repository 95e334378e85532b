//! How wide the characters of the drawing's typeface are: Inter, as `public/fonts/inter.woff2` has it.
//!
//! The advances are those of the font's `hmtx` table at two weights of its axis `wght`, in thousandths of the size, for
//! U+0020 to U+007E and U+00A0 to U+00FF. Kerning is left out: it only narrows.

/// The weight of a text on the drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    /// 550: the names of states.
    Medium,
}

/// The advance of a character in parts of the size of the text.
pub(super) fn advance(character: char, weight: Weight) -> f32 {
    let table = match weight {
        Weight::Regular => &REGULAR,
        Weight::Medium => &MEDIUM,
    };
    let code = u32::from(character);
    let place = match code {
        0x20..=0x7e => Some(code - 0x20),
        0xa0..=0xff => Some(code - 0xa0 + 95),
        _ => None,
    };
    if let Some(width) = place.and_then(|place| table.get(usize::try_from(place).ok()?)) {
        return f32::from(*width) / 1_000.0;
    }
    match code {
        // Combining marks, joiners and variation selectors have no width.
        0x300..=0x36f | 0x200d | 0xfe00..=0xfe0f => 0.0,
        // Control characters are shown as [U+202E].
        0x00..=0x1f | 0x7f..=0x9f | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f => 4.9,
        // Other scripts and symbols come from a typeface of the system.
        0x100..=0x10ff => 0.72,
        0x2010..=0x22ff => 0.94,
        _ => 1.1,
    }
}

/// Weight 400.
#[rustfmt::skip]
const REGULAR: [u16; 191] = [
    281, 288, 466, 633, 642, 982, 644, 300, 365, 365, 501, 662, 288, 460, 288, 360, 631, 407, 610,
    618, 646, 593, 620, 566, 619, 620, 288, 302, 662, 662, 662, 511, 966, 690, 654, 730, 722, 601,
    590, 746, 743, 269, 571, 672, 565, 903, 753, 765, 639, 765, 644, 642, 646, 744, 690, 985, 682,
    679, 629, 365, 360, 365, 471, 456, 323, 562, 612, 571, 612, 583, 370, 613, 591, 242, 242, 549,
    242, 876, 591, 600, 612, 612, 376, 528, 327, 591, 562, 818, 546, 562, 552, 426, 333, 426, 662,
    281, 288, 571, 611, 725, 550, 270, 568, 591, 914, 454, 583, 662, 0, 666, 478, 456, 662, 442,
    446, 323, 586, 603, 288, 268, 304, 482, 583, 802, 847, 882, 511, 690, 690, 690, 690, 690, 690,
    994, 730, 601, 601, 601, 601, 269, 269, 269, 269, 735, 753, 765, 765, 765, 765, 765, 662, 765,
    744, 744, 744, 744, 679, 636, 616, 562, 562, 562, 562, 562, 562, 917, 571, 583, 583, 583, 583,
    242, 242, 242, 242, 583, 591, 600, 600, 600, 600, 600, 662, 600, 591, 591, 591, 591, 562, 612,
    562,
];

/// Weight 550.
#[rustfmt::skip]
const MEDIUM: [u16; 191] = [
    259, 313, 509, 641, 648, 999, 658, 319, 371, 371, 530, 670, 311, 464, 311, 375, 652, 419, 620,
    631, 661, 607, 635, 574, 635, 635, 311, 322, 670, 670, 670, 535, 991, 718, 658, 735, 722, 604,
    588, 749, 745, 274, 578, 695, 565, 917, 758, 768, 644, 771, 650, 648, 657, 738, 718, 1011, 710,
    705, 646, 371, 375, 371, 479, 466, 344, 571, 621, 580, 621, 589, 384, 623, 607, 257, 257, 564,
    257, 894, 606, 606, 621, 621, 392, 544, 347, 607, 581, 834, 563, 582, 562, 448, 352, 448, 670,
    259, 313, 580, 625, 743, 560, 304, 568, 606, 914, 458, 621, 670, 0, 664, 458, 458, 670, 451,
    459, 344, 607, 601, 311, 316, 319, 486, 621, 824, 864, 901, 535, 718, 718, 718, 718, 718, 718,
    1008, 735, 604, 604, 604, 604, 274, 274, 274, 274, 748, 758, 768, 768, 768, 768, 768, 670, 768,
    738, 738, 738, 738, 705, 652, 637, 571, 571, 571, 571, 571, 571, 914, 580, 589, 589, 589, 589,
    257, 257, 257, 257, 591, 606, 606, 606, 606, 606, 606, 670, 606, 607, 607, 607, 607, 582, 621,
    582,
];
