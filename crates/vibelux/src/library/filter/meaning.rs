//! What the parts of a filter mean: fields by their names, values by what their fields take.

use std::ops::{Range, RangeInclusive};

use super::dates::{DAY, day_start};
use super::error::FilterError;
use super::grammar::{Operator, Part, Piece};
use super::rule::{Filter, NumberField, Test, TextField};
use crate::emotion::Emotion;
use crate::library::class::SongClass;

/// The names of the fields, in the order in which they are offered; the emotions come after them.
pub(super) const FIELDS: [&str; 12] = [
    "artist", "album", "title", "genre", "path", "year", "duration", "added", "liked", "mood",
    "class", "loudness",
];

/// The ends of a range that has none.
const NONE_BELOW: f64 = f64::NEG_INFINITY;
const NONE_ABOVE: f64 = f64::INFINITY;

/// A field by its name.
enum Field {
    Text(TextField),
    Number(NumberField),
    Added,
    Liked,
    Mood,
    Class,
}

impl Field {
    fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        Some(match name.as_str() {
            "artist" => Self::Text(TextField::Artist),
            "album" => Self::Text(TextField::Album),
            "title" => Self::Text(TextField::Title),
            "genre" => Self::Text(TextField::Genre),
            "path" => Self::Text(TextField::Path),
            "year" => Self::Number(NumberField::Year),
            "duration" => Self::Number(NumberField::Duration),
            "loudness" => Self::Number(NumberField::Loudness),
            "added" => Self::Added,
            "liked" => Self::Liked,
            "mood" => Self::Mood,
            "class" => Self::Class,
            emotion => Self::Number(NumberField::Share(emotion.parse().ok()?)),
        })
    }
}

/// The filter of these parts.
pub(super) fn of(text: &str, part: &Part, now_seconds: u64) -> Result<Filter, FilterError> {
    let reader = Reader { text, now_seconds };
    reader.filter(part)
}

struct Reader<'a> {
    text: &'a str,
    now_seconds: u64,
}

impl Reader<'_> {
    fn filter(&self, part: &Part) -> Result<Filter, FilterError> {
        let each = |parts: &[Part]| -> Result<Vec<Filter>, FilterError> {
            parts.iter().map(|part| self.filter(part)).collect()
        };
        Ok(match part {
            Part::All(parts) => Filter::All(each(parts)?),
            Part::Any(parts) => Filter::Any(each(parts)?),
            Part::Not(part) => Filter::Not(Box::new(self.filter(part)?)),
            Part::Term { word, test: None } => {
                if !word.quoted && !word.text.contains(char::is_alphanumeric) {
                    let message = "this is no word; tests are joined by and, or, not, and a word of signs stands in quotes";
                    return Err(self.wrong(&word.at, message));
                }
                Filter::Test(word_alone(word))
            }
            Part::Term {
                word,
                test: Some((operator, value)),
            } => self.comparison(word, *operator, value)?,
        })
    }

    fn comparison(
        &self,
        word: &Piece,
        operator: Operator,
        value: &Piece,
    ) -> Result<Filter, FilterError> {
        let field = Field::named(&word.text).ok_or_else(|| {
            let message = format!(
                "there is no {:?}; there are {}, and the emotions",
                word.text,
                FIELDS.join(", ")
            );
            self.wrong(&word.at, message)
        })?;
        let equal = matches!(operator, Operator::Holds | Operator::Is | Operator::IsNot);
        let test =
            match field {
                Field::Number(field) => {
                    let read = |text: &str| match field {
                        NumberField::Year => year(text),
                        NumberField::Duration => duration(text),
                        NumberField::Share(_) => share(text),
                        NumberField::Loudness | NumberField::Added => finite(text),
                    };
                    Test::Between(field, self.range(operator, value, read, takes(field))?)
                }
                Field::Added => self.added(operator, value)?,
                _ if !equal => {
                    let message = format!("{} is not compared by size; write {0}:", word.text);
                    return Err(self.wrong(&word.at, message));
                }
                Field::Text(field) if operator == Operator::Holds => {
                    Test::Contains(field, value.text.to_lowercase())
                }
                Field::Text(field) => Test::Is(field, value.text.to_lowercase()),
                Field::Liked => match value.text.to_ascii_lowercase().as_str() {
                    "yes" | "true" => Test::Liked,
                    "no" | "false" => {
                        return Ok(negated_if(
                            operator != Operator::IsNot,
                            Filter::Test(Test::Liked),
                        ));
                    }
                    _ => return Err(self.wrong(&value.at, "liked is yes or no")),
                },
                Field::Mood => {
                    let emotion: Option<Emotion> = value.text.to_ascii_lowercase().parse().ok();
                    let names = Emotion::ALL.map(Emotion::name).join(", ");
                    Test::Strongest(emotion.ok_or_else(|| {
                        self.wrong(&value.at, format!("a mood is one of {names}"))
                    })?)
                }
                Field::Class => {
                    let class: Option<SongClass> = value.text.to_ascii_lowercase().parse().ok();
                    let names = SongClass::ALL.map(SongClass::name).join(", ");
                    Test::Class(class.ok_or_else(|| {
                        self.wrong(&value.at, format!("a class is one of {names}"))
                    })?)
                }
            };
        Ok(negated_if(operator == Operator::IsNot, Filter::Test(test)))
    }

    /// The ends that an operator and a value, or a range of two, give.
    fn range(
        &self,
        operator: Operator,
        value: &Piece,
        read: impl Fn(&str) -> Option<f64>,
        takes: &str,
    ) -> Result<RangeInclusive<f64>, FilterError> {
        let number =
            |text: &str| read(text.trim()).ok_or_else(|| self.wrong(&value.at, takes.to_owned()));
        if let Some((low, high)) = value.text.split_once("..") {
            if !matches!(operator, Operator::Holds | Operator::Is | Operator::IsNot) {
                return Err(self.wrong(&value.at, "a range stands after \":\""));
            }
            let end = |text: &str, none: f64| match text.trim() {
                "" => Ok(none),
                text => number(text),
            };
            let low = end(low, NONE_BELOW)?;
            let high = end(high, NONE_ABOVE)?;
            if low > high {
                return Err(self.wrong(&value.at, "the range ends before it begins"));
            }
            return Ok(low..=high);
        }
        let number = number(&value.text)?;
        Ok(match operator {
            Operator::Holds | Operator::Is | Operator::IsNot => number..=number,
            Operator::Below => NONE_BELOW..=number.next_down(),
            Operator::AtMost => NONE_BELOW..=number,
            Operator::Above => number.next_up()..=NONE_ABOVE,
            Operator::AtLeast => number..=NONE_ABOVE,
        })
    }

    /// A day, or an age: `added>2026-01-31` is after that day, `added:30d` within thirty days, `added>1y` longer ago.
    fn added(&self, operator: Operator, value: &Piece) -> Result<Test, FilterError> {
        const TAKES: &str = "a time is a day such as 2026-01-31, or an age such as 30d, 2w, 6m, 1y";
        let range = if let Some(age) = age(&value.text) {
            let then = self.now_seconds as f64 - age;
            match operator {
                Operator::Above | Operator::AtLeast => NONE_BELOW..=then,
                _ => then..=NONE_ABOVE,
            }
        } else {
            // A day is all of its seconds.
            let (operator, later) = match operator {
                Operator::Above => (Operator::AtLeast, DAY),
                other => (other, 0),
            };
            let day = |text: &str| day_start(text).map(|seconds| (seconds + later) as f64);
            let range = self.range(operator, value, day, TAKES)?;
            match operator {
                Operator::Below | Operator::AtLeast => range,
                _ => *range.start()..=(range.end() + DAY as f64).next_down(),
            }
        };
        Ok(Test::Between(NumberField::Added, range))
    }

    fn wrong(&self, at: &Range<usize>, message: impl Into<String>) -> FilterError {
        FilterError::new(self.text, at.clone(), message)
    }
}

/// A word without a value: `liked`, or a text to be found.
fn word_alone(word: &Piece) -> Test {
    if !word.quoted && word.text.eq_ignore_ascii_case("liked") {
        return Test::Liked;
    }
    Test::Word(word.text.to_lowercase())
}

fn negated_if(condition: bool, filter: Filter) -> Filter {
    if condition {
        Filter::Not(Box::new(filter))
    } else {
        filter
    }
}

/// What to write after a field of numbers.
const fn takes(field: NumberField) -> &'static str {
    match field {
        NumberField::Year => "a year is a number such as 1999, or a range such as 1990..1999",
        NumberField::Duration => "a duration is seconds, or such as 3:30, 90s, 10m, 1h",
        NumberField::Share(_) => "a share is a number from 0 to 1, or such as 40%",
        NumberField::Loudness => "a loudness is a number of LUFS such as -14",
        NumberField::Added => "",
    }
}

fn finite(text: &str) -> Option<f64> {
    // Rust would take "inf" and "nan" too.
    let digits = |c: char| c.is_ascii_digit() || "+-.".contains(c);
    text.parse()
        .ok()
        .filter(|number: &f64| text.chars().all(digits) && number.is_finite())
}

fn year(text: &str) -> Option<f64> {
    let year: u16 = text.parse().ok()?;
    (1..=9999).contains(&year).then(|| f64::from(year))
}

fn share(text: &str) -> Option<f64> {
    let (number, scale) = match text.strip_suffix('%') {
        Some(number) => (number, 100.0),
        None => (text, 1.0),
    };
    let share = finite(number)? / scale;
    (0.0..=1.0).contains(&share).then_some(share)
}

/// Seconds: `90`, `90s`, `10m`, `1.5h`, `3:30`, `1:02:03`.
fn duration(text: &str) -> Option<f64> {
    if text.contains(':') {
        let parts: Option<Vec<u32>> = text.split(':').map(|part| part.parse().ok()).collect();
        let parts = parts.filter(|parts| parts.len() <= 3 && parts[1..].iter().all(|&p| p < 60))?;
        return Some(
            parts
                .iter()
                .fold(0.0, |sum, &part| 60.0 * sum + f64::from(part)),
        );
    }
    let (number, scale) = match text.as_bytes().last()? {
        b's' => (&text[..text.len() - 1], 1.0),
        b'm' => (&text[..text.len() - 1], 60.0),
        b'h' => (&text[..text.len() - 1], 3600.0),
        _ => (text, 1.0),
    };
    finite(number)
        .map(|number| number * scale)
        .filter(|&seconds| seconds >= 0.0)
}

/// Seconds of an age in days, weeks, months or years.
fn age(text: &str) -> Option<f64> {
    let days = match text.as_bytes().last()? {
        b'd' => 1.0,
        b'w' => 7.0,
        b'm' => 30.4375,
        b'y' => 365.25,
        _ => return None,
    };
    let number = finite(&text[..text.len() - 1])?;
    (number >= 0.0).then_some(number * days * DAY as f64)
}
