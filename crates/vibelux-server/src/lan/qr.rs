//! An address as a QR code (ISO/IEC 18004), for the terminal and for the page.

use qrcode::render::{svg, unicode};
use qrcode::{EcLevel, QrCode};

/// For a terminal: two rows of modules in a line of text, dark on light. `None` for a text of more than about
/// 2,900 bytes.
#[must_use]
pub fn qr_text(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    Some(code.render::<unicode::Dense1x2>().build())
}

/// For the page, as an SVG document that fills its place.
#[must_use]
pub fn qr_svg(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    Some(
        code.render::<svg::Color<'_>>()
            .min_dimensions(240, 240)
            .build(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "https://192.168.100.200:8438/?token=abcdefghijklmnopqrstuvwxyz012345";

    #[test]
    fn an_address_fits_into_a_terminal() {
        let text = qr_text(ADDRESS).unwrap();
        let widths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
        // Squares: as many columns as rows of modules.
        assert!(widths.iter().all(|&width| width == widths[0]));
        assert!(widths[0] <= 60 && widths.len() <= 30, "{widths:?}");
        assert_eq!(qr_text(&"x".repeat(4000)), None);
    }

    /// What a phone reads of modules, dark ones true.
    fn read(side: usize, is_dark: impl Fn(usize, usize) -> bool) -> String {
        const SCALE: usize = 4;
        let mut image =
            rqrr::PreparedImage::prepare_from_greyscale(side * SCALE, side * SCALE, |x, y| {
                if is_dark(x / SCALE, y / SCALE) {
                    0
                } else {
                    255
                }
            });
        let grids = image.detect_grids();
        grids[0].decode().unwrap().1
    }

    #[test]
    fn a_phone_reads_the_address() {
        let text = qr_text(ADDRESS).unwrap();
        let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
        // An upper and a lower module in each character.
        let read_text = read(lines[0].len(), |x, y| {
            let character = lines.get(y / 2).map_or(' ', |line| line[x]);
            match character {
                '█' => true,
                '▀' => y % 2 == 0,
                '▄' => y % 2 == 1,
                _ => false,
            }
        });
        assert_eq!(read_text, ADDRESS);

        // A path of dark squares, `M<x> <y>h<w>v<h>H<x>V<y>` each, over a light ground.
        let drawn = qr_svg(ADDRESS).unwrap();
        let width = |text: &str| -> usize {
            let (_, rest) = text.split_once("width=\"").unwrap();
            rest.split('"').next().unwrap().parse().unwrap()
        };
        let side = width(&drawn);
        let (_, path) = drawn.split_once(" d=\"").unwrap();
        let squares: Vec<[usize; 4]> = path
            .split('"')
            .next()
            .unwrap()
            .split('M')
            .skip(1)
            .map(|square| {
                let numbers = square.split(|c: char| !c.is_ascii_digit());
                let numbers: Vec<usize> = numbers.filter_map(|n| n.parse().ok()).collect();
                [numbers[0], numbers[1], numbers[2], numbers[3]]
            })
            .collect();
        let is_dark = |x: usize, y: usize| {
            squares.iter().any(|&[left, top, w, h]| {
                (left..left + w).contains(&x) && (top..top + h).contains(&y)
            })
        };
        assert_eq!(read(side, is_dark), ADDRESS);
    }
}
