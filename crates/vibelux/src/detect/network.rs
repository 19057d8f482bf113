//! The network of YuNet_s: from the pixels of a picture to what each cell of three grids says.
//!
//! Wu, Peng, Yu: YuNet, a tiny millisecond-level face detector, Machine Intelligence Research 20 (2023). The
//! weights are its authors'; see `models/yunet/README.md`. A backbone of separable convolutions halves the
//! picture five times; coarser grids are added to finer ones; a head on each of the three finest to
//! coarsest, 8, 16 and 32 pixels apart, says what is there ([`super::decode`]).

use vibelux_kernels::InstructionSet;
use vibelux_kernels::buffer::Buffer;
use vibelux_kernels::inference::{
    Pointwise, Rows, Separable, SeparableScratch, Stored, activate, max_pool,
};
use vibelux_kernels::passes::Windows;

use crate::face::GreyImage;
use crate::model::onnx::{PlainConvolution, convolutions};

/// The picture's height and width are filled up to a multiple.
pub(super) const MULTIPLE: usize = 32;

/// Values that a head gives for a cell: class, box (4), presence, points (10).
pub(super) const CELL: usize = 16;

/// Pixels from one cell to the next, of the finest to the coarsest grid.
pub(super) const STRIDES: [usize; 3] = [8, 16, 32];

/// Separable convolutions before the grids are added up.
const BACKBONE: usize = 11;

/// The kernel of the first convolution, which looks at every second pixel: 3 by 3.
const PATCH: usize = 9;

/// The weights, laid out for this machine.
#[derive(Debug)]
pub(super) struct Network {
    isa: InstructionSet,
    first: Pointwise,
    backbone: Vec<Separable>,
    /// One per grid, the coarsest first, which is the order in which they run.
    joining: [Separable; 3],
    /// One per grid, the finest first.
    heads: [Separable; 3],
}

/// What a run works in, and what it has found.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    scratch: SeparableScratch,
    patches: Buffer,
    row: Buffer,
    lines: [Vec<f32>; 3],
    values: Buffer,
    next: Buffer,
    fine: Buffer,
    middle: Buffer,
    joined: [Buffer; 3],
    /// `[row][column][CELL]` of the finest to the coarsest grid.
    pub cells: [Buffer; 3],
}

impl Network {
    /// From the bytes of the authors' ONNX file; `None` if they are another network.
    pub fn new(isa: InstructionSet, onnx: &[u8]) -> Option<Self> {
        let all = convolutions(onnx)?;
        let (first, rest) = all.split_first()?;
        let (pairs, []) = rest.as_chunks::<2>() else {
            return None;
        };
        let (body, heads) = pairs.split_at_checked(BACKBONE + 3)?;
        if heads.len() != 12 {
            return None;
        }
        let units = body.iter().map(|pair| separable(isa, &[pair], true));
        let mut backbone: Vec<Separable> = units.collect::<Option<_>>()?;
        let joining = backbone.split_off(BACKBONE).try_into().ok()?;
        // By what they say, each for all grids; here by grid, so that one pass makes all.
        let of_grid = |grid: usize| {
            let [class, bounds, presence, points] = [0, 3, 6, 9].map(|kind| &heads[kind + grid]);
            separable(isa, &[class, bounds, presence, points], false)
        };
        let heads = [of_grid(0)?, of_grid(1)?, of_grid(2)?];
        if heads.iter().any(|head| head.channels() != CELL) {
            return None;
        }
        Some(Self {
            isa,
            first: first_of(isa, first)?,
            backbone,
            joining,
            heads,
        })
    }

    /// Fills `buffers.cells` for a picture, whose right and lower ends are filled up with black.
    pub fn run(&self, picture: &GreyImage, buffers: &mut Buffers) {
        let Buffers {
            scratch,
            patches,
            row,
            lines,
            values,
            next,
            fine,
            middle,
            joined: [joined_fine, joined_middle, joined_coarse],
            cells,
        } = buffers;
        let [height, width] = framed(picture);
        let size = |halvings: u32| [height >> halvings, width >> halvings];
        let unit = |i: usize| &self.backbone[i];
        let mut patches = Patches {
            network: self,
            picture,
            width: width / 2,
            lines,
            patches,
            row,
        };
        unit(0).apply_and_halve(size(1), &mut patches, scratch, values);
        for i in 1..4 {
            unit(i).apply(size(2), &mut stored(values, size(2)), scratch, next);
            std::mem::swap(values, next);
        }
        unit(4).apply_and_halve(size(2), &mut stored(values, size(2)), scratch, next);
        unit(5).apply(size(3), &mut stored(next, size(3)), scratch, values);
        unit(6).apply(size(3), &mut stored(values, size(3)), scratch, fine);
        self.halve(fine, size(3), values);
        unit(7).apply(size(4), &mut stored(values, size(4)), scratch, next);
        unit(8).apply(size(4), &mut stored(next, size(4)), scratch, middle);
        self.halve(middle, size(4), values);
        unit(9).apply(size(5), &mut stored(values, size(5)), scratch, next);
        unit(10).apply(size(5), &mut stored(next, size(5)), scratch, values);

        let [coarse, with_coarse, with_middle] = &self.joining;
        coarse.apply(
            size(5),
            &mut stored(values, size(5)),
            scratch,
            joined_coarse,
        );
        let sum = &mut Sum::new(middle, joined_coarse, size(4), row);
        with_coarse.apply(size(4), sum, scratch, joined_middle);
        let sum = &mut Sum::new(fine, joined_middle, size(3), row);
        with_middle.apply(size(3), sum, scratch, joined_fine);
        let grids = [&*joined_fine, joined_middle, joined_coarse];
        for (i, (grid, head)) in grids.into_iter().zip(&self.heads).enumerate() {
            let size = size(3 + i as u32);
            head.apply(size, &mut stored(grid, size), scratch, &mut cells[i]);
        }
    }

    fn halve(&self, image: &[f32], [height, width]: [usize; 2], output: &mut Buffer) {
        let channels = image.len() / (height * width);
        output.resize(image.len() / 4);
        let windows = Windows::halving([channels, height, width]);
        max_pool(self.isa, image, windows, output);
    }
}

/// Height and width of a picture that is filled up.
pub(super) fn framed(picture: &GreyImage) -> [usize; 2] {
    [picture.height, picture.width].map(|side| (side as usize).next_multiple_of(MULTIPLE))
}

fn stored(values: &[f32], [height, _]: [usize; 2]) -> Stored<'_> {
    Stored(values, values.len() / height)
}

/// The first convolution, which mixes the three colours; in a grey picture they are one.
fn first_of(isa: InstructionSet, first: &PlainConvolution) -> Option<Pointwise> {
    let [outputs, 3, 3, 3] = first.weight.shape[..] else {
        return None;
    };
    let mut weights = vec![0.0; PATCH * outputs];
    for (i, &weight) in first.weight.data.iter().enumerate() {
        weights[i % PATCH * outputs + i / (3 * PATCH)] += weight;
    }
    Some(Pointwise::new(isa, &weights, &first.bias))
}

/// Pairs of a 1x1 and a 3x3 convolution that read the same image, as one: their outputs one after the other.
fn separable(
    isa: InstructionSet,
    pairs: &[&[PlainConvolution; 2]],
    rectified: bool,
) -> Option<Separable> {
    let outputs: usize = pairs.iter().map(|pair| pair[0].bias.len()).sum();
    let inputs = *pairs.first()?[0].weight.shape.get(1)?;
    let (mut mixing, mut spatial) = (vec![0.0; inputs * outputs], vec![0.0; PATCH * outputs]);
    let (mut mixing_bias, mut spatial_bias) = (Vec::new(), Vec::new());
    for [mix, space] in pairs {
        let first = mixing_bias.len();
        let of_pair = mix.bias.len();
        if mix.weight.shape != [of_pair, inputs, 1, 1] || space.weight.shape != [of_pair, 1, 3, 3] {
            return None;
        }
        for (i, &weight) in mix.weight.data.iter().enumerate() {
            mixing[i % inputs * outputs + first + i / inputs] = weight;
        }
        for (i, &weight) in space.weight.data.iter().enumerate() {
            spatial[i % PATCH * outputs + first + i / PATCH] = weight;
        }
        mixing_bias.extend_from_slice(&mix.bias);
        spatial_bias.extend_from_slice(&space.bias);
    }
    if !outputs.is_multiple_of(CELL) || inputs == 0 {
        return None;
    }
    let mixing = Pointwise::new(isa, &mixing, &mixing_bias);
    Some(Separable::new(mixing, &spatial, &spatial_bias, rectified))
}

/// What the first convolution makes of a picture, a row at a time.
struct Patches<'a> {
    network: &'a Network,
    picture: &'a GreyImage,
    /// Of a row of the output.
    width: usize,
    lines: &'a mut [Vec<f32>; 3],
    patches: &'a mut Buffer,
    row: &'a mut Buffer,
}

impl Rows for Patches<'_> {
    fn row(&mut self, y: usize) -> &[f32] {
        let across = self.picture.width as usize;
        for (i, line) in self.lines.iter_mut().enumerate() {
            line.clear();
            // Black left of the picture, above and below it.
            line.push(0.0);
            let from = (2 * y + i).checked_sub(1);
            let row = from.filter(|&y| y < self.picture.height as usize);
            if let Some(at) = row {
                let pixels = &self.picture.pixels[at * across..(at + 1) * across];
                line.extend(pixels.iter().map(|&v| f32::from(v)));
            }
            line.resize(2 * self.width + 1, 0.0);
        }
        self.patches.resize(self.width * PATCH);
        let [above, middle, below] = &*self.lines;
        let (patches, _) = self.patches.as_chunks_mut::<PATCH>();
        for (x, patch) in patches.iter_mut().enumerate() {
            for (k, line) in [above, middle, below].into_iter().enumerate() {
                patch[3 * k..3 * k + 3].copy_from_slice(&line[2 * x..2 * x + 3]);
            }
        }
        let first = &self.network.first;
        self.row.resize(self.width * first.outputs());
        first.apply(self.patches, self.row);
        activate(self.row, 0.0);
        self.row
    }
}

/// A grid and a coarser one, each cell of which is added to the four that it covers.
struct Sum<'a> {
    fine: &'a [f32],
    coarse: &'a [f32],
    width: usize,
    channels: usize,
    row: &'a mut Buffer,
}

impl<'a> Sum<'a> {
    fn new(
        fine: &'a [f32],
        coarse: &'a [f32],
        [height, width]: [usize; 2],
        row: &'a mut Buffer,
    ) -> Self {
        let channels = fine.len() / (height * width);
        Self {
            fine,
            coarse,
            width,
            channels,
            row,
        }
    }
}

impl Rows for Sum<'_> {
    fn row(&mut self, y: usize) -> &[f32] {
        let row_len = self.width * self.channels;
        self.row.resize(row_len);
        self.row
            .copy_from_slice(&self.fine[y * row_len..(y + 1) * row_len]);
        let coarse = &self.coarse[y / 2 * row_len / 2..(y / 2 + 1) * row_len / 2];
        let pairs = self.row.chunks_exact_mut(2 * self.channels);
        for (pair, coarse) in pairs.zip(coarse.chunks_exact(self.channels)) {
            for pixel in pair.chunks_exact_mut(self.channels) {
                for (v, &more) in pixel.iter_mut().zip(coarse) {
                    *v += more;
                }
            }
        }
        self.row
    }
}
