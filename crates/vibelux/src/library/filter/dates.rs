//! Days of the calendar as seconds since 1970, in UTC, for `added>2026-01-31`.

/// Seconds of a day.
pub(super) const DAY: u64 = 86_400;

/// The first second of a day written as `2026-01-31`; `None` if there is no such day from 1970 on.
pub(super) fn day_start(text: &str) -> Option<u64> {
    let mut parts = text.split('-');
    let mut number = |digits: usize| {
        let part = parts.next().filter(|part| part.len() == digits)?;
        part.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| part.parse::<u64>().ok())
            .flatten()
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    if parts.next().is_some() || year < 1970 || !(1..=12).contains(&month) {
        return None;
    }
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let lengths = [
        31,
        28 + u64::from(leap),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let month = month as usize - 1;
    if !(1..=lengths[month]).contains(&day) {
        return None;
    }
    let leaps = |year: u64| year / 4 - year / 100 + year / 400;
    let years = 365 * (year - 1970) + leaps(year - 1) - leaps(1969);
    let days = years + lengths[..month].iter().sum::<u64>() + day - 1;
    Some(days * DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted() {
        // As `date -u -d DAY +%s` says.
        for (day, seconds) in [
            ("1970-01-01", 0),
            ("1972-03-01", 68_256_000),
            ("2000-02-29", 951_782_400),
            ("2026-11-29", 1_795_910_400),
            ("2100-03-01", 4_107_542_400),
        ] {
            assert_eq!(day_start(day), Some(seconds), "{day}");
        }
        for odd in [
            "",
            "2026",
            "2026-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-1-1",
            "1969-12-31",
            "2026-01-01-",
            "+026-01-01",
        ] {
            assert_eq!(day_start(odd), None, "{odd}");
        }
    }
}
