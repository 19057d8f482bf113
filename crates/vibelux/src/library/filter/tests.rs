//! Tests of the filter language.

use std::borrow::Cow;

use proptest::prelude::*;

use super::*;
use crate::emotion::Emotion;
use crate::library::SongClass;

/// A song for tests.
#[derive(Default)]
struct Facts {
    title: &'static str,
    artist: Option<&'static str>,
    genre: Option<&'static str>,
    year: Option<f64>,
    duration: Option<f64>,
    added: Option<f64>,
    happy: f64,
    liked: bool,
}

impl SongFacts for Facts {
    fn text(&self, field: TextField) -> Option<Cow<'_, str>> {
        match field {
            TextField::Title => Some(self.title.into()),
            TextField::Artist => self.artist.map(Into::into),
            TextField::Genre => self.genre.map(Into::into),
            TextField::Path => Some(format!("/music/{}.mp3", self.title).into()),
            TextField::Album => None,
        }
    }

    fn number(&self, field: NumberField) -> Option<f64> {
        match field {
            NumberField::Year => self.year,
            NumberField::Duration => self.duration,
            NumberField::Added => self.added,
            NumberField::Share(Emotion::Happy) => Some(self.happy),
            NumberField::Share(_) => Some(0.1),
            NumberField::Loudness => Some(-14.0),
        }
    }

    fn strongest(&self) -> Emotion {
        if self.happy > 0.5 {
            Emotion::Happy
        } else {
            Emotion::Sad
        }
    }

    fn class(&self) -> SongClass {
        SongClass::Music
    }

    fn is_liked(&self) -> bool {
        self.liked
    }
}

const NOW: u64 = 1_795_910_400 + 3600;

fn song() -> Facts {
    Facts {
        title: "Blue Moon",
        artist: Some("Ada Björk"),
        genre: Some("Folk, World"),
        year: Some(1994.0),
        duration: Some(210.0),
        // Ten days before.
        added: Some((NOW - 864_000) as f64),
        happy: 0.45,
        liked: true,
    }
}

fn takes(text: &str) -> bool {
    Filter::parse(text, NOW)
        .unwrap_or_else(|error| panic!("{error}"))
        .takes(&song())
}

#[test]
fn songs_are_taken_by_what_they_are() {
    for text in [
        "",
        "  ",
        "blue",
        "BLUE moon",
        "\"blue moon\"",
        "'Blue Moon'",
        "ada or nobody",
        "artist:björk",
        "artist:BJÖRK",
        "artist=\"ada björk\"",
        "artist!=ada",
        "genre:folk",
        "not genre:christmas and duration<600 and happy>0.4",
        "not (genre:christmas or year<1990)",
        "year=1994",
        "year:1990..1999",
        "year:..1994",
        "year:1994..",
        "year!=1995",
        "year >= 1994 year<=1994",
        "duration:3:30",
        "duration<4m",
        "duration>=210s",
        "duration:0:03:30",
        "duration<1h",
        "happy>40%",
        "happy:0.4..0.5",
        "sad<=0.1",
        "mood:sad",
        "mood!=happy",
        "liked",
        "liked:yes",
        "liked!=no",
        "class:music",
        "path:/music/",
        "loudness<-10",
        "added:30d",
        "added<11d",
        "added>9d",
        "added:2w",
        "added>2026-11-18",
        "added<2026-11-20",
        "added:2026-11-19",
        "added>=2026-11-19 and added<=2026-11-19",
        "added:2026-11-01..2026-11-19",
        "NOT not liked",
        "not not not artist:nobody",
        "(((liked)))",
        "nobody or (ada and moon)",
        "ada and nobody or moon",
    ] {
        assert!(takes(text), "{text}");
    }
    for text in [
        "red",
        "artist=ada",
        "artist:nobody",
        "album:a",
        "not album:a and red",
        "year<1994",
        "year!=1994",
        "year:1995..",
        "duration>4m",
        "happy>0.45",
        "happy<0.45",
        "mood:happy",
        "not liked",
        "liked:no",
        "added:9d",
        "added>11d",
        "added>2026-11-19",
        "added<2026-11-19",
        "ada nobody",
        "nobody or ada and red",
    ] {
        assert!(!takes(text), "{text}");
    }
}

#[test]
fn what_is_not_known_passes_no_test() {
    let bare = Facts::default();
    let takes = |text: &str| Filter::parse(text, NOW).unwrap().takes(&bare);
    for text in [
        "year<1990",
        "year>=1990",
        "year!=1990",
        "artist:a",
        "added:30d",
    ] {
        let negated = text == "year!=1990";
        assert_eq!(takes(text), negated, "{text}");
    }
    assert!(takes("not year<1990") && takes("not artist:a"));
}

#[test]
fn mistakes_are_shown_where_they_are() {
    for (text, marked, message) in [
        ("year>abc", "abc", "a year is a number"),
        ("yaer>1990", "yaer", "there is no \"yaer\""),
        ("happy>2", "2", "from 0 to 1"),
        ("happy>nan", "nan", "from 0 to 1"),
        ("duration<3:99", "3:99", "3:30"),
        ("mood:glad", "glad", "surprised"),
        ("class:noise", "noise", "jingle"),
        ("liked:maybe", "maybe", "yes or no"),
        ("artist<b", "artist", "not compared"),
        ("added>soon", "soon", "2026-01-31"),
        ("year:1999..1990", "1999..1990", "before it begins"),
        ("year>1990..1999", "1990..1999", "after \":\""),
        ("genre:", "", "a value is missing"),
        ("genre: and liked", " ", "a value is missing"),
        ("(liked", "", "closing parenthesis"),
        ("liked)", ")", "closes nothing"),
        ("()", ")", "in the parentheses"),
        ("liked and", "", "after \"and\""),
        ("liked or", "", "after \"or\""),
        ("not", "", "after \"not\""),
        ("artist:\"ada", "", "closing quote"),
        ("<3", "<", "cannot stand here"),
        ("and", "a", "before this"),
        ("liked && happy>0.4", "&&", "no word"),
    ] {
        let error = Filter::parse(text, NOW).unwrap_err();
        let place = error.place();
        assert!(error.message().contains(message), "{text}: {error}");
        if text != "genre: and liked" {
            assert_eq!(&text[place], marked, "{text}: {error}");
        }
    }
    let error = Filter::parse("artist:björk year>x", NOW).unwrap_err();
    let lines: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
    assert_eq!(lines[1], "  artist:björk year>x");
    assert_eq!(lines[2], "                    ^");
    // Two cells a character.
    let error = Filter::parse("title:君の名は year>x", NOW).unwrap_err();
    let mark = error.to_string().lines().nth(2).map(str::to_owned);
    assert_eq!(mark.unwrap(), format!("{}^", " ".repeat(2 + 6 + 8 + 6)));
    assert!(Filter::parse(&"a".repeat(2001), NOW).is_err());
    assert!(Filter::parse(&"(".repeat(500), NOW).is_err());
}

#[test]
fn what_could_come_next_is_offered() {
    let options = |text: &str| complete(text, text.len()).options;
    assert_eq!(options("ar"), ["artist:"]);
    assert_eq!(options("liked and ha"), ["happy>"]);
    assert_eq!(options("not (gen"), ["genre:"]);
    assert_eq!(options("mood:s"), ["sad", "surprised"]);
    assert_eq!(options("class:"), ["music", "speech", "effects", "jingle"]);
    assert_eq!(options("li"), ["liked"]);
    assert!(options("").len() > 20);
    let value = complete("liked artist:bj", 15);
    assert_eq!(
        (value.values_of, value.replaced),
        (Some(TextField::Artist), 13..15)
    );
    let quoted = complete("artist:\"Ada Bj", 14);
    assert_eq!(
        (quoted.values_of, quoted.replaced),
        (Some(TextField::Artist), 7..14)
    );
    // In the middle of a text, and of a letter.
    assert_eq!(complete("ye liked", 2).options, ["year<"]);
    assert_eq!(complete("ö", 1).replaced, 0..0);
}

fn filter() -> impl Strategy<Value = String> {
    let term = prop::sample::select(vec![
        "liked",
        "blue",
        "year<1990",
        "not happy>0.4",
        "genre:folk",
        "duration:3:30",
        "added:30d",
        "nobody",
    ]);
    let leaf = term.prop_map(str::to_owned);
    leaf.prop_recursive(4, 20, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} and {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} {b})")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

proptest! {
    #[test]
    fn the_rules_of_logic_hold(a in filter(), b in filter()) {
        prop_assert_eq!(takes(&format!("{a} and {b}")), takes(&a) && takes(&b));
        prop_assert_eq!(takes(&format!("{a} {b}")), takes(&a) && takes(&b));
        prop_assert_eq!(takes(&format!("({a}) or ({b})")), takes(&a) || takes(&b));
        prop_assert_eq!(takes(&format!("not ({a})")), !takes(&a));
    }

    #[test]
    fn any_text_is_a_filter_or_a_mistake_within_it(text in ".{0,60}", cursor in 0_usize..80) {
        if let Err(error) = Filter::parse(&text, NOW) {
            prop_assert!(text.get(error.place()).is_some(), "{:?}", error);
            prop_assert!(!error.message().is_empty() && error.to_string().lines().count() == 3);
        }
        let completion = complete(&text, cursor);
        prop_assert!(text.get(completion.replaced).is_some());
    }

    #[test]
    fn any_words_of_the_language_are_a_filter_or_a_mistake_within_it(
        words in prop::collection::vec(prop::sample::select(vec!["and", "or", "not", "(", ")", "year", ":", "<", "\"", "..", "1990", "liked", "ö"]), 0..12),
    ) {
        let text = words.join(" ");
        if let Err(error) = Filter::parse(&text, NOW) {
            prop_assert!(text.get(error.place()).is_some(), "{:?}", error);
        }
        let text = words.concat();
        let _ = Filter::parse(&text, NOW);
    }
}
