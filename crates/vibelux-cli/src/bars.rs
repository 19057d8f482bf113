//! The seven values of a vector as aligned bars.

use console::{Color, Style};
use vibelux::{Emotion, EmotionVector};

/// Longest bar in characters; a longer one shows nothing more.
const MAX_BAR: usize = 40;

/// Characters of a line that are not the bar: indent, name, value and the gaps between.
const AROUND: usize = 2 + NAME + 1 + 1 + 4;

/// The longest name is "disgusted" or "surprised".
const NAME: usize = 9;

/// Seven lines, each an emotion's name, its bar and its value; none wider than `columns` as far as
/// that is possible. The full bar is 1. Colours appear if standard output is a terminal that takes
/// them and NO_COLOR is not set.
pub fn bars(vector: &EmotionVector, columns: usize) -> String {
    let width = columns.saturating_sub(AROUND).clamp(1, MAX_BAR);
    let mut text = String::new();
    for emotion in Emotion::ALL {
        let value = vector.get(emotion);
        let bar = Style::new().fg(colour(emotion)).apply_to(bar(value, width));
        text += &format!("  {emotion:<NAME$} {bar} {value:.2}\n");
    }
    text
}

/// The columns of the terminal; 80 if standard output is none.
pub fn columns() -> usize {
    console::Term::stdout()
        .size_checked()
        .map_or(80, |(_, columns)| usize::from(columns))
}

/// A bar of `width` characters, filled to `value` (0..=1) in steps of an eighth of a character.
fn bar(value: f32, width: usize) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (value.clamp(0.0, 1.0) * (width * 8) as f32).round() as usize;
    let mut bar = "█".repeat(eighths / 8);
    bar += PARTS[eighths % 8];
    let filled = eighths.div_ceil(8);
    bar + &" ".repeat(width.saturating_sub(filled))
}

fn colour(emotion: Emotion) -> Color {
    match emotion {
        Emotion::Angry => Color::Red,
        Emotion::Disgusted => Color::Green,
        Emotion::Fearful => Color::Magenta,
        Emotion::Happy => Color::Yellow,
        Emotion::Neutral => Color::White,
        Emotion::Sad => Color::Blue,
        Emotion::Surprised => Color::Cyan,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_grow_in_eighths_and_keep_their_width() {
        assert_eq!(bar(0.0, 3), "   ");
        assert_eq!(bar(0.5, 3), "█▌ ");
        assert_eq!(bar(1.0, 3), "███");
        assert_eq!(bar(0.125, 1), "▏");
        for i in 0..=100 {
            let bar = bar(i as f32 / 100.0, 17);
            assert_eq!(bar.chars().count(), 17, "{bar:?}");
        }
    }

    #[test]
    fn every_line_fits_and_ends_in_its_value() {
        let vector = EmotionVector::one_hot(Emotion::Happy);
        for columns in [20, 60, 500] {
            let text = bars(&vector, columns);
            assert_eq!(text.lines().count(), 7);
            let widths: Vec<_> = text.lines().map(console::measure_text_width).collect();
            assert!(
                widths.iter().all(|w| *w == widths[0] && *w <= columns),
                "{widths:?}"
            );
        }
        // Narrower than the labels: still whole, never a panic.
        assert!(bars(&vector, 0).lines().nth(3).unwrap().ends_with("1.00"));
    }
}
