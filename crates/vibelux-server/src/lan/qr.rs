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
        assert!(qr_svg(ADDRESS).unwrap().contains("<svg"));
        assert_eq!(qr_text(&"x".repeat(4000)), None);
    }
}
