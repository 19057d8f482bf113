//! When two texts of tags mean the same: letters may be composed or not, large or small, with or without accents, and guests may be named
//! or not.

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// What begins the names of guests, in small letters. Those with a bracket end with it.
const GUESTS: [&str; 12] = [
    "(feat. ",
    "(feat ",
    "(ft. ",
    "(ft ",
    "(featuring ",
    "[feat. ",
    "[ft. ",
    " feat. ",
    " feat ",
    " ft. ",
    " ft ",
    " featuring ",
];

/// What some put between the names of several artists.
const BETWEEN_ARTISTS: [&str; 4] = [";", " / ", " • ", "\0"];

/// The same text, however its letters were put together (Unicode's form NFC).
pub(crate) fn composed(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// What remains of a title or an album: small letters without accents, digits, and one space between words. Empty only if the text is.
pub(crate) fn plain(text: &str) -> String {
    let text = text.trim().to_lowercase();
    let text = DecomposingNormalizerBorrowed::new_nfkd().normalize(&text);
    let without = without_guests(&text);
    let mut plain = String::with_capacity(without.len());
    for sign in without.chars() {
        match sign {
            // Accents, and what one leaves out in a hurry.
            '\u{300}'..='\u{36F}' | '\'' | '`' | '\u{2018}' | '\u{2019}' | '\u{2BC}' => {}
            '&' => plain.push_str(" and "),
            _ if is_between(sign) => plain.push(' '),
            // Some letters are written small only after they were taken apart.
            _ => plain.extend(sign.to_lowercase()),
        }
    }
    let plain: Vec<&str> = plain.split_whitespace().collect();
    if plain.is_empty() {
        // There are songs that are called "???".
        return text.into_owned();
    }
    plain.join(" ")
}

/// What remains of an artist: as of a title, and of several artists the first.
pub(crate) fn plain_artist(text: &str) -> String {
    let ends = BETWEEN_ARTISTS.iter().filter_map(|sign| text.find(sign));
    // A name that begins with such a sign is no list.
    let end = ends.filter(|&end| end > 0).min().unwrap_or(text.len());
    plain(&text[..end])
}

fn is_between(sign: char) -> bool {
    sign.is_whitespace()
        || sign.is_control()
        || sign.is_ascii_punctuation()
        || matches!(sign, '\u{2000}'..='\u{206F}' | '\u{3000}'..='\u{303F}' | '·' | '¡' | '¿' | '«' | '»')
}

/// A text in small letters without the names of guests. What stands in brackets after them (a remix) stays.
fn without_guests(text: &str) -> Cow<'_, str> {
    // Most name none.
    if !text.contains('f') || !(text.contains("ft") || text.contains("feat")) {
        return Cow::Borrowed(text);
    }
    let found = GUESTS
        .iter()
        .filter_map(|sign| text.find(sign).map(|at| (at, sign)));
    let Some((start, sign)) = found.filter(|(at, _)| *at > 0).min() else {
        return Cow::Borrowed(text);
    };
    let guests = start + sign.len();
    let rest = &text[guests..];
    let end = match sign.as_bytes()[0] {
        b'(' => rest.find(')').map(|at| at + 1),
        b'[' => rest.find(']').map(|at| at + 1),
        _ => rest.find(['(', '[']),
    };
    let rest = end.map_or("", |end| &rest[end..]);
    Cow::Owned(format!("{} {rest}", &text[..start]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_mean_the_same_are_the_same() {
        for (one, other) in [
            ("Beyonc\u{e9}", "BEYONCE\u{301}"),
            ("Sigur Ro\u{301}s", "Sigur Ros"),
            ("Don’t Stop", "Dont stop"),
            ("Salt & Pepper", "Salt and Pepper"),
            ("Song (feat. Somebody)", "Song"),
            ("Song feat. Somebody [Remix]", "Song (Remix)"),
            ("Song (ft. Somebody) (Live)", "Song - Live"),
            ("が", "か\u{3099}"),
            ("ＡＢＣ", "abc"),
            ("İstanbul", "i\u{307}stanbul"),
        ] {
            assert_eq!(plain(one), plain(other), "{one} {other}");
        }
        assert_eq!(plain_artist("A • B"), "a");
        assert_eq!(plain_artist("A; B"), plain_artist("A feat. C"));
        assert_eq!(plain_artist("AC/DC"), "ac dc");
    }

    #[test]
    fn texts_that_mean_something_else_are_not_the_same() {
        for (one, other) in [
            ("Song", "Song (Remix)"),
            ("Song feat. A (Remix)", "Song"),
            ("か", "が"),
            ("???", "!!!"),
            ("Defeat", "De"),
            ("Feat. of Clay", ""),
        ] {
            assert_ne!(plain(one), plain(other), "{one} {other}");
        }
        assert_eq!(plain("  "), "");
    }
}
