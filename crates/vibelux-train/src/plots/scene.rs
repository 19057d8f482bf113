//! A picture as a list of shapes: drawn once, written as SVG and as PNG.
//!
//! The plots place shapes in logical pixels; only this file knows the backends. Both are drawn on a
//! grid [`GRID_SCALE`] times finer, because plotters takes whole coordinates: the SVG then gets
//! smooth curves, and the PNG, averaged down to [`PNG_SCALE`] times the logical size, gets smooth
//! edges.

use std::io::Cursor;
use std::path::Path;
use std::sync::{LazyLock, OnceLock};

use ab_glyph::{Font, FontRef, PxScale, ScaleFont};
use image::{ImageFormat, RgbImage, imageops};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::error::PlotError;
use super::palette::{Colour, PAPER};
use vibelux::atomic;

const GRID_SCALE: u32 = 4;
const PNG_SCALE: u32 = 2;

/// The embedded font first; an SVG viewer without it takes the next one.
const FONT: &str = "DejaVu Sans, Verdana, sans-serif";

/// Where a letter is drawn again so that its strokes become thick, in ems: the bold font would be 0.7 MB more.
const THICK_EMS: [f64; 3] = [-0.025, 0.0, 0.025];

/// By so much letters with thick strokes stand further apart, in ems.
const THICK_SPACE_EMS: f64 = 0.06;

/// ab_glyph scales to the line height; this is DejaVu Sans's line height in ems.
const LINE_HEIGHT_EMS: f64 = 1.164;

/// How far below its anchor "top" each backend sets the baseline, in ems: ab_glyph half its scale,
/// the SVG `dy="0.76em"` of a font of scale / 1.24.
const BITMAP_BASELINE_EMS: f64 = LINE_HEIGHT_EMS / 2.0;
const SVG_BASELINE_EMS: f64 = 0.76 * LINE_HEIGHT_EMS / 1.24;

/// The height of a capital or digit in ems, for centring on a line.
const CAP_HEIGHT_EMS: f64 = 0.73;

/// A point in logical pixels, y downwards.
pub type Point = (f64, f64);

/// Where a text lies relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Centre,
    Right,
}

/// One line of text. `at` is on the baseline.
#[derive(Debug, Clone)]
pub struct Text {
    pub content: String,
    pub at: Point,
    pub size: f64,
    pub colour: Colour,
    pub align: Align,
    pub bold: bool,
    /// Reads from bottom to top.
    pub upright: bool,
}

impl Text {
    pub fn new(content: impl Into<String>, at: Point, size: f64, colour: Colour) -> Self {
        Self {
            content: content.into(),
            at,
            size,
            colour,
            align: Align::Left,
            bold: false,
            upright: false,
        }
    }

    pub fn align(mut self, align: Align) -> Self {
        self.align = align;
        self
    }

    pub fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    /// Moves the baseline so that digits and capitals are centred on the point.
    pub fn middle(mut self) -> Self {
        let shift = self.size * CAP_HEIGHT_EMS / 2.0;
        if self.upright {
            self.at.0 += shift;
        } else {
            self.at.1 += shift;
        }
        self
    }

    pub fn upright(mut self) -> Self {
        self.upright = true;
        self
    }

    /// The box around the glyphs: left, top, right, bottom.
    #[cfg(test)]
    pub fn bounds(&self) -> [f64; 4] {
        // A viewer of SVG may have the bold font; by so much it is wider at most, measured over the titles.
        let widening = if self.bold { 1.16 } else { 1.0 };
        let width = text_width(&self.content, self.size) * widening;
        let start = match self.align {
            Align::Left => 0.0,
            Align::Centre => -width / 2.0,
            Align::Right => -width,
        };
        let (x, y) = self.at;
        let height = self.size * CAP_HEIGHT_EMS;
        if self.upright {
            [x - height, y - start - width, x, y - start]
        } else {
            [x + start, y - height, x + start + width, y]
        }
    }
}

#[derive(Debug, Clone)]
enum Shape {
    Rect {
        from: Point,
        to: Point,
        fill: Colour,
    },
    Line {
        points: Vec<Point>,
        width: f64,
        colour: Colour,
    },
    Dot {
        at: Point,
        radius: f64,
        fill: Colour,
    },
    Text(Text),
}

/// A picture of a given logical size.
#[derive(Debug, Clone)]
pub struct Scene {
    pub width: f64,
    pub height: f64,
    shapes: Vec<Shape>,
}

impl Scene {
    pub fn new(width: f64, height: f64) -> Self {
        Self {
            width: width.ceil(),
            height: height.ceil(),
            shapes: Vec::new(),
        }
    }

    pub fn rect(&mut self, from: Point, to: Point, fill: Colour) {
        self.shapes.push(Shape::Rect { from, to, fill });
    }

    /// An open line through `points`; fewer than two draw nothing.
    pub fn line(&mut self, points: Vec<Point>, width: f64, colour: Colour) {
        if points.len() >= 2 {
            self.shapes.push(Shape::Line {
                points,
                width,
                colour,
            });
        }
    }

    /// A straight dashed line.
    pub fn dashed(&mut self, from: Point, to: Point, width: f64, colour: Colour) {
        const DASH: f64 = 4.0;
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let at = |d: f64| {
            let share = (d / length).min(1.0);
            (
                from.0 + (to.0 - from.0) * share,
                from.1 + (to.1 - from.1) * share,
            )
        };
        let dashes = (length / (2.0 * DASH)).ceil() as usize;
        for i in 0..dashes {
            let start = 2.0 * DASH * i as f64;
            self.line(vec![at(start), at(start + DASH)], width, colour);
        }
    }

    pub fn dot(&mut self, at: Point, radius: f64, fill: Colour) {
        self.shapes.push(Shape::Dot { at, radius, fill });
    }

    pub fn text(&mut self, text: Text) {
        self.shapes.push(Shape::Text(text));
    }

    #[cfg(test)]
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        self.shapes.iter().filter_map(|shape| match shape {
            Shape::Text(text) => Some(text),
            _ => None,
        })
    }

    /// Writes `<stem>.svg` and `<stem>.png` into `dir`, each atomically.
    pub fn save(&self, dir: &Path, stem: &str) -> Result<(), PlotError> {
        register_fonts()?;
        let write = |extension: &str, bytes: &[u8]| {
            let path = dir.join(format!("{stem}.{extension}"));
            atomic::write(&path, bytes).map_err(|source| PlotError::Write { path, source })
        };
        write("svg", self.svg()?.as_bytes())?;
        write("png", &self.png()?)
    }

    fn grid_size(&self) -> (u32, u32) {
        let side = |v: f64| v as u32 * GRID_SCALE;
        (side(self.width), side(self.height))
    }

    fn svg(&self) -> Result<String, PlotError> {
        let (width, height) = self.grid_size();
        let mut text = String::new();
        self.draw(
            SVGBackend::with_string(&mut text, (width, height)),
            SVG_BASELINE_EMS,
            false,
        )?;
        // The fine grid stays inside as the viewBox; outside the picture has its logical size.
        let fine = format!("width=\"{width}\" height=\"{height}\" viewBox");
        let logical = format!(
            "width=\"{}\" height=\"{}\" viewBox",
            self.width, self.height
        );
        Ok(text.replacen(&fine, &logical, 1))
    }

    fn png(&self) -> Result<Vec<u8>, PlotError> {
        let (width, height) = self.grid_size();
        let mut fine = RgbImage::new(width, height);
        self.draw(
            BitMapBackend::with_buffer(&mut fine, (width, height)),
            BITMAP_BASELINE_EMS,
            true,
        )?;
        let ratio = GRID_SCALE / PNG_SCALE;
        let small = imageops::thumbnail(&fine, width / ratio, height / ratio);
        let mut bytes = Cursor::new(Vec::new());
        small.write_to(&mut bytes, ImageFormat::Png)?;
        Ok(bytes.into_inner())
    }

    /// `thickens` is for backends that draw bold text with the font that there is.
    fn draw<DB: DrawingBackend>(
        &self,
        backend: DB,
        baseline_ems: f64,
        thickens: bool,
    ) -> Result<(), PlotError> {
        let area = backend.into_drawing_area();
        area.fill(&rgb(PAPER)).map_err(PlotError::drawing)?;
        for shape in &self.shapes {
            match shape {
                Shape::Rect { from, to, fill } => area.draw(&Rectangle::new(
                    [fine(*from), fine(*to)],
                    rgb(*fill).filled(),
                )),
                Shape::Line {
                    points,
                    width,
                    colour,
                } => area.draw(&PathElement::new(
                    points.iter().map(|p| fine(*p)).collect::<Vec<_>>(),
                    rgb(*colour).stroke_width(fine_length(*width).max(1) as u32),
                )),
                Shape::Dot { at, radius, fill } => area.draw(&Circle::new(
                    fine(*at),
                    fine_length(*radius),
                    rgb(*fill).filled(),
                )),
                Shape::Text(text) => {
                    let (x, y) = text.at;
                    let rise = text.size * baseline_ems;
                    let top = if text.upright {
                        (x - rise, y)
                    } else {
                        (x, y - rise)
                    };
                    if text.bold && thickens {
                        thick_letters(text).try_for_each(|(letter, along)| {
                            let place = if text.upright {
                                (top.0, top.1 - along)
                            } else {
                                (top.0 + along, top.1)
                            };
                            let style = style(&Text {
                                align: Align::Left,
                                ..text.clone()
                            });
                            area.draw_text(&letter.to_string(), &style, fine(place))
                        })
                    } else {
                        area.draw_text(&text.content, &style(text), fine(top))
                    }
                }
            }
            .map_err(PlotError::drawing)?;
        }
        area.present().map_err(PlotError::drawing)
    }
}

/// The letters of a text that becomes bold by being drawn again, each with how far it stands along the line from where the text is.
fn thick_letters(text: &Text) -> impl Iterator<Item = (char, f64)> {
    let advance = |letter: char| {
        text_width(letter.encode_utf8(&mut [0; 4]), text.size) + THICK_SPACE_EMS * text.size
    };
    let whole: f64 = text.content.chars().map(advance).sum();
    let start = match text.align {
        Align::Left => 0.0,
        Align::Centre => -whole / 2.0,
        Align::Right => -whole,
    };
    let letters = text.content.chars().scan(start, move |along, letter| {
        let place = *along;
        *along += advance(letter);
        Some((letter, place))
    });
    letters.flat_map(|(letter, along)| THICK_EMS.map(|ems| (letter, along + ems * text.size)))
}

fn rgb(colour: Colour) -> RGBColor {
    RGBColor(colour.0, colour.1, colour.2)
}

fn fine_length(v: f64) -> i32 {
    (v * f64::from(GRID_SCALE)).round() as i32
}

fn fine(point: Point) -> (i32, i32) {
    (fine_length(point.0), fine_length(point.1))
}

fn style(text: &Text) -> TextStyle<'static> {
    let weight = if text.bold {
        FontStyle::Bold
    } else {
        FontStyle::Normal
    };
    let size = text.size * LINE_HEIGHT_EMS * f64::from(GRID_SCALE);
    let mut font = FontDesc::new(FontFamily::Name(FONT), size, weight);
    if text.upright {
        font = font.transform(FontTransform::Rotate270);
    }
    let h_pos = match text.align {
        Align::Left => HPos::Left,
        Align::Centre => HPos::Center,
        Align::Right => HPos::Right,
    };
    TextStyle {
        font,
        color: rgb(text.colour).to_backend_color(),
        pos: Pos::new(h_pos, VPos::Top),
    }
}

/// DejaVu Sans (TrueType); empty if the build is damaged, which is found when it is registered.
fn font() -> &'static [u8] {
    static FONT: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let packed = include_bytes!(concat!(env!("OUT_DIR"), "/sans.ttf"));
        vibelux_packed::unpack(packed).unwrap_or_default()
    });
    &FONT
}

/// plotters has no font of its own without a system's; the crate `dejavu` carries one.
fn register_fonts() -> Result<(), PlotError> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let registered = *REGISTERED.get_or_init(|| {
        [FontStyle::Normal, FontStyle::Bold]
            .into_iter()
            .all(|style| plotters::style::register_font(FONT, style, font()).is_ok())
    });
    if registered {
        Ok(())
    } else {
        Err(PlotError::Font)
    }
}

/// The width of a line of text in logical pixels; 0 if the font is broken, which drawing reports.
pub fn text_width(content: &str, size: f64) -> f64 {
    let Ok(font) = FontRef::try_from_slice(font()) else {
        return 0.0;
    };
    let font = font.as_scaled(PxScale::from((size * LINE_HEIGHT_EMS) as f32));
    let advances = content.chars();
    advances
        .map(|c| f64::from(font.h_advance(font.glyph_id(c))))
        .sum()
}
