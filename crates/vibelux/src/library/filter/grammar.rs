//! The parts of a filter: words, comparisons, `and`, `or`, `not` and parentheses, each with its place. Read with winnow.
//!
//! ```text
//! any   = all ("or" all)*
//! all   = one ("and"? one)*
//! one   = "not"* ( "(" any ")" | term )
//! term  = word ( (":" | "=" | "!=" | "<" | "<=" | ">" | ">=") value )?
//! ```
//!
//! A word or value with blanks stands in quotes.

use std::ops::Range;

use winnow::combinator::{
    alt, cut_err, delimited, eof, fail, opt, peek, preceded, repeat, separated, terminated,
};
use winnow::error::{ContextError, ErrMode, StrContext, StrContextValue};
use winnow::prelude::*;
use winnow::stream::LocatingSlice;
use winnow::token::{one_of, take_till, take_while};

use super::error::FilterError;

/// More parentheses than anybody writes; each takes some of the stack.
const MOST_PARENTHESES: usize = 50;

type Input<'a> = LocatingSlice<&'a str>;

/// A part of a filter as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    All(Vec<Part>),
    Any(Vec<Part>),
    Not(Box<Part>),
    Term {
        word: Piece,
        test: Option<(Operator, Piece)>,
    },
}

/// A word or a value, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    pub text: String,
    pub at: Range<usize>,
    pub quoted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Holds,
    Is,
    IsNot,
    Below,
    AtMost,
    Above,
    AtLeast,
}

pub(super) fn parse(text: &str) -> Result<Part, FilterError> {
    if let Some((at, _)) = text.match_indices('(').nth(MOST_PARENTHESES) {
        return Err(FilterError::new(
            text,
            at..at + 1,
            "these are too many parentheses",
        ));
    }
    terminated(any, (blanks, end))
        .parse(LocatingSlice::new(text))
        .map_err(|error| {
            let at = error.offset();
            let expected = error.inner().context().find_map(|context| match context {
                StrContext::Expected(StrContextValue::Description(what)) => Some(*what),
                _ => None,
            });
            let next = text.get(at..).and_then(|rest| rest.chars().next());
            let width = next.map_or(0, char::len_utf8);
            let message = match (expected, next) {
                (Some(expected), _) => expected.to_owned(),
                (None, Some(_)) if begins_with_keyword(text, at) => {
                    "before this a test is missing".to_owned()
                }
                (None, Some(next)) => format!("{next:?} cannot stand here"),
                (None, None) => "it ends too soon".to_owned(),
            };
            FilterError::new(text, at..at + width, message)
        })
}

/// Whether a keyword that joins tests stands at a place.
fn begins_with_keyword(text: &str, at: usize) -> bool {
    let word = text.get(at..).unwrap_or_default().split(|c| !is_word(c));
    let word = word.into_iter().next().unwrap_or_default();
    ["and", "or"].iter().any(|k| word.eq_ignore_ascii_case(k))
}

fn expected(what: &'static str) -> StrContext {
    StrContext::Expected(StrContextValue::Description(what))
}

fn blanks<'a>(input: &mut Input<'a>) -> ModalResult<&'a str> {
    take_while(0.., char::is_whitespace).parse_next(input)
}

fn end(input: &mut Input<'_>) -> ModalResult<()> {
    alt((
        eof.void(),
        preceded(
            peek(')'),
            cut_err(fail.context(expected("this parenthesis closes nothing"))),
        ),
        fail,
    ))
    .parse_next(input)
}

fn any(input: &mut Input<'_>) -> ModalResult<Part> {
    let mut parts: Vec<Part> = separated(1.., all, keyword("or")).parse_next(input)?;
    // What `separated` leaves behind is an `or` with nothing after it.
    if opt(keyword("or")).parse_next(input)?.is_some() {
        return cut_err(fail.context(expected("after \"or\" a test is missing"))).parse_next(input);
    }
    Ok(if parts.len() == 1 {
        parts.remove(0)
    } else {
        Part::Any(parts)
    })
}

fn all(input: &mut Input<'_>) -> ModalResult<Part> {
    let mut parts = vec![one(input)?];
    loop {
        if opt(keyword("and")).parse_next(input)?.is_some() {
            let missing = expected("after \"and\" a test is missing");
            parts.push(cut_err(one.context(missing)).parse_next(input)?);
        } else if let Some(part) = opt(one).parse_next(input)? {
            parts.push(part);
        } else {
            break;
        }
    }
    Ok(if parts.len() == 1 {
        parts.remove(0)
    } else {
        Part::All(parts)
    })
}

fn one(input: &mut Input<'_>) -> ModalResult<Part> {
    let nots: Vec<()> = repeat(0.., keyword("not")).parse_next(input)?;
    let part = preceded(blanks, alt((group, term)));
    let part = if nots.is_empty() {
        { part }.parse_next(input)?
    } else {
        cut_err(part.context(expected("after \"not\" a test is missing"))).parse_next(input)?
    };
    Ok(if nots.len() % 2 == 1 {
        Part::Not(Box::new(part))
    } else {
        part
    })
}

fn group(input: &mut Input<'_>) -> ModalResult<Part> {
    delimited(
        '(',
        cut_err(any.context(expected("in the parentheses a test is missing"))),
        (
            blanks,
            cut_err(')'.context(expected("a closing parenthesis is missing"))),
        ),
    )
    .parse_next(input)
}

fn term(input: &mut Input<'_>) -> ModalResult<Part> {
    // Keywords are no words.
    if peek(opt(alt((keyword("and"), keyword("or"), keyword("not")))))
        .parse_next(input)?
        .is_some()
    {
        return Err(ErrMode::Backtrack(ContextError::new()));
    }
    let word = alt((quoted, plain_word)).parse_next(input)?;
    let Some(operator) = opt(preceded(blanks, operator)).parse_next(input)? else {
        return Ok(Part::Term { word, test: None });
    };
    let value = alt((quoted, plain_value));
    let value = preceded(blanks, value).context(expected("here a value is missing"));
    let value = cut_err(value).parse_next(input)?;
    Ok(Part::Term {
        word,
        test: Some((operator, value)),
    })
}

fn operator(input: &mut Input<'_>) -> ModalResult<Operator> {
    alt((
        "<=".value(Operator::AtMost),
        ">=".value(Operator::AtLeast),
        "!=".value(Operator::IsNot),
        "<".value(Operator::Below),
        ">".value(Operator::Above),
        "=".value(Operator::Is),
        ":".value(Operator::Holds),
    ))
    .parse_next(input)
}

/// One of `and`, `or`, `not`, in any case, alone.
fn keyword<'a>(name: &'static str) -> impl Parser<Input<'a>, (), ErrMode<ContextError>> {
    (
        blanks,
        take_while(1.., is_word).verify(move |word: &str| word.eq_ignore_ascii_case(name)),
        // `or:x` would be a field.
        peek(alt((
            eof.void(),
            one_of(|c: char| c.is_whitespace() || "()\"'".contains(c)).void(),
        ))),
    )
        .void()
}

fn plain_word(input: &mut Input<'_>) -> ModalResult<Piece> {
    piece(take_while(1.., is_word), false).parse_next(input)
}

/// Up to a blank or a parenthesis: `3:30`, `1990..1999`, `-12`.
fn plain_value(input: &mut Input<'_>) -> ModalResult<Piece> {
    let is_value = |c: char| !c.is_whitespace() && !"()\"'".contains(c);
    let keyword = |text: &str| {
        ["and", "or", "not"]
            .iter()
            .any(|k| text.eq_ignore_ascii_case(k))
    };
    let value = take_while(1.., is_value).verify(|text: &str| !keyword(text));
    piece(value, false).parse_next(input)
}

fn quoted(input: &mut Input<'_>) -> ModalResult<Piece> {
    let between = |quote: char| {
        let inside = take_till(0.., move |c| c == quote);
        let closing = cut_err(quote.context(expected("the closing quote is missing")));
        delimited(quote, inside, closing)
    };
    piece(alt((between('"'), between('\''))), true).parse_next(input)
}

fn piece<'a>(
    parser: impl Parser<Input<'a>, &'a str, ErrMode<ContextError>>,
    quoted: bool,
) -> impl Parser<Input<'a>, Piece, ErrMode<ContextError>> {
    parser.with_span().map(move |(text, at)| Piece {
        text: text.to_owned(),
        at,
        quoted,
    })
}

fn is_word(c: char) -> bool {
    !c.is_whitespace() && !"()\"':=!<>".contains(c)
}
