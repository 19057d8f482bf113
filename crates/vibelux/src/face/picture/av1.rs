//! One AV1 picture, by re_rav1d: a kept fork of rav1d, the port of dav1d to Rust, with dav1d's interface.

#![allow(unsafe_code, reason = "the interface of rav1d is that of a C library")]

use std::ffi::c_uint;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use heifer::heifer_hevc_dec::recon::Frame;
use re_rav1d::Dav1dResult;
use re_rav1d::include::dav1d::data::Dav1dData;
use re_rav1d::include::dav1d::dav1d::{Dav1dContext, Dav1dLogger, Dav1dSettings};
use re_rav1d::include::dav1d::headers::{
    DAV1D_PIXEL_LAYOUT_I400, DAV1D_PIXEL_LAYOUT_I420, DAV1D_PIXEL_LAYOUT_I422,
    DAV1D_PIXEL_LAYOUT_I444,
};
use re_rav1d::include::dav1d::picture::Dav1dPicture;
use re_rav1d::src::lib::{
    dav1d_close, dav1d_data_create, dav1d_data_unref, dav1d_default_settings, dav1d_get_picture,
    dav1d_open, dav1d_picture_unref, dav1d_send_data,
};

/// A decoder, closed when dropped.
struct Decoder(Option<Dav1dContext>);

impl Decoder {
    fn open(max_pixels: u64) -> Result<Self, String> {
        let mut settings = MaybeUninit::<Dav1dSettings>::uninit();
        // SAFETY: the settings are written before they are read.
        let mut settings = unsafe {
            dav1d_default_settings(NonNull::from(&mut settings).cast());
            settings.assume_init()
        };
        settings.n_threads = 1;
        settings.max_frame_delay = 1;
        settings.all_layers = 0;
        settings.frame_size_limit = c_uint::try_from(max_pixels).unwrap_or(c_uint::MAX);
        // SAFETY: without a callback nothing is called.
        settings.logger = unsafe { Dav1dLogger::new(None, None) };
        let mut context = None;
        // SAFETY: both live until the call returns.
        let result = unsafe {
            dav1d_open(
                Some(NonNull::from(&mut context)),
                Some(NonNull::from(&mut settings)),
            )
        };
        if result.0 < 0 || context.is_none() {
            return Err("the AV1 decoder does not start".to_owned());
        }
        Ok(Self(context))
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: the context came from `dav1d_open`, and is closed once.
        unsafe { dav1d_close(Some(NonNull::from(&mut self.0))) }
    }
}

/// Coded bytes, freed when dropped.
struct Data(Dav1dData);

impl Data {
    fn of(bytes: &[u8]) -> Option<Self> {
        let mut data = Dav1dData::default();
        // SAFETY: the call makes room for as many bytes, or gives no address.
        unsafe {
            let to = dav1d_data_create(Some(NonNull::from(&mut data)), bytes.len());
            if to.is_null() {
                return None;
            }
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
        }
        Some(Self(data))
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        // SAFETY: made by `dav1d_data_create`, and emptied where it was sent whole.
        unsafe { dav1d_data_unref(Some(NonNull::from(&mut self.0))) }
    }
}

/// A picture, freed when dropped.
#[derive(Default)]
struct Picture(Dav1dPicture);

impl Drop for Picture {
    fn drop(&mut self) {
        // SAFETY: an empty picture or one that `dav1d_get_picture` filled.
        unsafe { dav1d_picture_unref(Some(NonNull::from(&mut self.0))) }
    }
}

/// Decodes the first picture of a bitstream of at most so many pixels.
///
/// # Errors
/// Says what is wrong with it.
pub(super) fn decode(bytes: &[u8], max_pixels: u64) -> Result<Frame, String> {
    let broken = || "its AV1 picture is broken".to_owned();
    if bytes.is_empty() {
        return Err(broken());
    }
    let decoder = Decoder::open(max_pixels)?;
    let mut data = Data::of(bytes).ok_or("not enough memory")?;
    let mut picture = Picture::default();
    loop {
        // SAFETY: the context is open, the data and the picture live as long as the calls.
        let (sent, got) = unsafe {
            let sent = if data.0.sz > 0 {
                dav1d_send_data(decoder.0, Some(NonNull::from(&mut data.0)))
            } else {
                Dav1dResult(0)
            };
            let got = dav1d_get_picture(decoder.0, Some(NonNull::from(&mut picture.0)));
            (sent, got)
        };
        if got.0 == 0 {
            break;
        }
        // Nothing came although all was sent, or nothing more can be sent.
        if sent.0 < 0 || data.0.sz == 0 {
            return Err(broken());
        }
    }
    read(&picture.0).ok_or_else(broken)
}

/// Copies what was decoded; nothing where the sizes do not fit together.
fn read(picture: &Dav1dPicture) -> Option<Frame> {
    // As HEVC counts formats; how much smaller colours are across and down.
    let (chroma_format, across, down) = match picture.p.layout {
        DAV1D_PIXEL_LAYOUT_I400 => (0, 1, 1),
        DAV1D_PIXEL_LAYOUT_I420 => (1, 2, 2),
        DAV1D_PIXEL_LAYOUT_I422 => (2, 2, 1),
        DAV1D_PIXEL_LAYOUT_I444 => (3, 1, 1),
        _ => return None,
    };
    let [width, height] = [picture.p.w, picture.p.h].map(|n| u32::try_from(n).ok());
    let (width, height) = (width?, height?);
    let (c_width, c_height) = if chroma_format == 0 {
        (0, 0)
    } else {
        (width.div_ceil(across), height.div_ceil(down))
    };
    let depth = u8::try_from(picture.p.bpc).ok()?;
    let plane = |index: usize, width: u32, height: u32| -> Option<Vec<u16>> {
        if width == 0 {
            return Some(Vec::new());
        }
        let start = picture.data[index]?.cast::<u8>();
        let stride = picture.stride[usize::from(index > 0)];
        let width = usize::try_from(width).ok()?;
        let mut samples = Vec::with_capacity(width * usize::try_from(height).ok()?);
        for y in 0..isize::try_from(height).ok()? {
            // SAFETY: a plane has `height` rows, `stride` bytes apart, each of at least `width` samples: of a byte
            // up to a depth of 8 bits, of two beyond it.
            unsafe {
                let row = start.offset(y * stride);
                if depth > 8 {
                    let row = std::slice::from_raw_parts(row.cast::<u16>().as_ptr(), width);
                    samples.extend_from_slice(row);
                } else {
                    let row = std::slice::from_raw_parts(row.as_ptr(), width);
                    samples.extend(row.iter().map(|&sample| u16::from(sample)));
                }
            }
        }
        Some(samples)
    };
    // SAFETY: a picture carries the header that it was decoded with.
    let header = unsafe { picture.seq_hdr?.as_ref() };
    Some(Frame {
        widths: [width, c_width, c_width],
        heights: [height, c_height, c_height],
        planes: [
            plane(0, width, height)?,
            plane(1, c_width, c_height)?,
            plane(2, c_width, c_height)?,
        ],
        bit_depth: [depth; 2],
        chroma_format,
        full_range: header.color_range == 1,
        matrix_coeffs: u8::try_from(header.mtrx).ok()?,
    })
}
