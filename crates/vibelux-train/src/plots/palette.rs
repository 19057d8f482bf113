//! Every colour of every plot, in one place.
//!
//! The emotions wear the colours of Okabe and Ito ("Color Universal Design", 2008), which stay
//! apart for all common kinds of colour blindness; the heat map is ColorBrewer's sequential
//! "Blues" (Brewer, Apache-2.0), whose lightness falls steadily, so it also prints in grey.

use vibelux::Emotion;

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

/// The page.
pub const PAPER: Colour = Colour(255, 255, 255);
/// Titles and numbers.
pub const INK: Colour = Colour(33, 37, 41);
/// Tick labels, subtitles and axis names.
pub const SOFT_INK: Colour = Colour(92, 99, 106);
/// Grid lines.
pub const GRID: Colour = Colour(230, 233, 236);
/// Axis lines.
pub const AXIS: Colour = Colour(160, 166, 172);
/// Training lines.
pub const TRAIN: Colour = Colour(230, 159, 0);
/// Validation lines.
pub const VALIDATION: Colour = Colour(0, 114, 178);
/// What is good enough to point at, such as the best epoch.
pub const HIGHLIGHT: Colour = Colour(213, 94, 0);

const BLUES: [Colour; 9] = [
    Colour(247, 251, 255),
    Colour(222, 235, 247),
    Colour(198, 219, 239),
    Colour(158, 202, 225),
    Colour(107, 174, 214),
    Colour(66, 146, 198),
    Colour(33, 113, 181),
    Colour(8, 81, 156),
    Colour(8, 48, 107),
];

/// The colour of an emotion, the same in every plot.
#[must_use]
pub const fn emotion(emotion: Emotion) -> Colour {
    match emotion {
        Emotion::Angry => Colour(213, 94, 0),
        Emotion::Disgusted => Colour(0, 158, 115),
        Emotion::Fearful => Colour(204, 121, 167),
        Emotion::Happy => Colour(230, 159, 0),
        Emotion::Neutral => Colour(110, 110, 110),
        Emotion::Sad => Colour(0, 114, 178),
        Emotion::Surprised => Colour(86, 180, 233),
    }
}

/// The heat map at `share`, clamped to 0..=1: nearly white to dark blue. NaN is grey.
#[must_use]
pub fn heat(share: f64) -> Colour {
    if share.is_nan() {
        return GRID;
    }
    let position = share.clamp(0.0, 1.0) * (BLUES.len() - 1) as f64;
    let below = (position.floor() as usize).min(BLUES.len() - 2);
    mix(BLUES[below], BLUES[below + 1], position - below as f64)
}

/// `from` at 0, `to` at 1.
#[must_use]
pub fn mix(from: Colour, to: Colour, share: f64) -> Colour {
    let channel = |a: u8, b: u8| {
        (f64::from(a) + (f64::from(b) - f64::from(a)) * share)
            .round()
            .clamp(0.0, 255.0) as u8
    };
    Colour(
        channel(from.0, to.0),
        channel(from.1, to.1),
        channel(from.2, to.2),
    )
}

/// Black or paper, whichever contrasts more with `background`; ink is too pale for the middle shades.
#[must_use]
pub fn text_on(background: Colour) -> Colour {
    const BLACK: Colour = Colour(0, 0, 0);
    if contrast(BLACK, background) >= contrast(PAPER, background) {
        BLACK
    } else {
        PAPER
    }
}

/// The contrast ratio of WCAG 2.1, 1..=21; 4.5 is comfortable for small text.
#[must_use]
pub fn contrast(a: Colour, b: Colour) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(colour: Colour) -> f64 {
    let linear = |v: u8| {
        let v = f64::from(v) / 255.0;
        if v <= 0.03928 {
            v / 12.92
        } else {
            ((v + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(colour.0) + 0.7152 * linear(colour.1) + 0.0722 * linear(colour.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_readable_on_every_shade() {
        for i in 0..=100 {
            let shade = heat(f64::from(i) / 100.0);
            assert!(contrast(text_on(shade), shade) >= 4.5, "{i} % {shade:?}");
        }
    }

    #[test]
    fn the_heat_map_only_darkens() {
        let shades: Vec<f64> = (0..=100)
            .map(|i| luminance(heat(f64::from(i) / 100.0)))
            .collect();
        assert!(shades.windows(2).all(|w| w[1] <= w[0]));
    }

    #[test]
    fn no_two_emotions_share_a_colour() {
        for a in Emotion::ALL {
            for b in Emotion::ALL {
                assert_eq!(emotion(a) == emotion(b), a == b);
            }
        }
    }
}
