//! `--every`: when playlists are written again.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Local};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

use crate::interrupt::stop_on_ctrl_c;

/// How often it is looked whether to stop, and what time it is: a computer that slept is late by no more than this.
const TICK: Duration = Duration::from_millis(500);

/// How much chance leaves of the order where a list is made again and again, so that it is not the same each day.
const VARIED: f64 = 0.7;

/// How much fitting counts in a list that nobody says it of: all, if it is made once.
pub fn usual_strength(schedule: Option<&Schedule>) -> f64 {
    schedule.map_or(1.0, |_| VARIED)
}

/// The moments that a cron expression means, in this computer's time zone.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: Cron,
}

/// Reads a cron expression of five fields, or a word such as `@daily`.
pub fn parse_schedule(text: &str) -> Result<Schedule, String> {
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build();
    let cron = parser.parse(text).map_err(|_| {
        "write minute, hour, day of the month, month and day of the week, such as '0 6 * * *' for six each morning, or @daily"
    })?;
    let schedule = Schedule { cron };
    schedule
        .after(&Local::now())
        .map_err(|error| error.to_string())?;
    Ok(schedule)
}

impl Schedule {
    fn after(&self, now: &DateTime<Local>) -> anyhow::Result<DateTime<Local>> {
        let next = self.cron.find_next_occurrence(now, false);
        next.context("there is no such time")
    }

    /// Works at once, and then whenever it is time, until Ctrl-C. `work` is told which minute it is for, counted from 1970; what goes wrong
    /// the first time ends it, later it is told and tried again the next time.
    pub fn run(&self, mut work: impl FnMut(u64) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let stop = stop_on_ctrl_c("stopping")?;
        let mut time = Local::now();
        work(minute(&time))?;
        loop {
            time = self.after(&time.max(Local::now()))?;
            crate::tell!("next at {}", time.format("%Y-%m-%d %H:%M"));
            while Local::now() < time {
                if stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
                std::thread::sleep(TICK);
            }
            if let Err(error) = work(minute(&time)) {
                let error = vibelux::error_text::with_causes(error.as_ref());
                crate::tell!("vibelux: {error}; it will be tried again");
            }
        }
    }
}

fn minute(time: &DateTime<Local>) -> u64 {
    u64::try_from(time.timestamp() / 60).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn the_next_time_is_what_a_crontab_means() {
        let schedule = parse_schedule("30 6 * * MON-FRI").unwrap();
        // A Saturday.
        let now = Local.with_ymd_and_hms(2026, 1, 3, 12, 0, 0).unwrap();
        let monday = Local.with_ymd_and_hms(2026, 1, 5, 6, 30, 0).unwrap();
        assert_eq!(schedule.after(&now).unwrap(), monday);
        let tuesday = Local.with_ymd_and_hms(2026, 1, 6, 6, 30, 0).unwrap();
        assert_eq!(schedule.after(&monday).unwrap(), tuesday);
        assert!(parse_schedule("@daily").is_ok());
    }

    #[test]
    fn what_is_no_time_is_refused_with_an_example() {
        for text in [
            "",
            "6 o'clock",
            "99 * * * *",
            "* * *",
            "0 0 30 2 *",
            "* * * * * *",
        ] {
            assert!(parse_schedule(text).is_err(), "{text}");
        }
        assert!(parse_schedule("morning").unwrap_err().contains("0 6 * * *"));
    }
}
