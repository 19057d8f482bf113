//! [`mix_down`]: a decoded packet of any sample format and number of channels to one channel of f32.

use symphonia::core::audio::{Audio, GenericAudioBufferRef};

/// Far above full scale, far below what would overflow a power spectrum in f32.
const LOUDEST: f32 = 1e6;

/// The channels of a packet as f32, converted into `planes` where they are stored otherwise.
pub(super) fn channels<'a>(
    buffer: &'a GenericAudioBufferRef<'_>,
    planes: &'a mut Vec<Vec<f32>>,
) -> Vec<&'a [f32]> {
    if let GenericAudioBufferRef::F32(samples) = buffer {
        return (0..samples.num_planes())
            .filter_map(|i| samples.plane(i))
            .collect();
    }
    buffer.copy_to_vecs_planar::<f32>(planes);
    planes.iter().map(Vec::as_slice).collect()
}

/// Appends the mean of all channels. What is not a number becomes silence, so that one bad sample
/// cannot spoil a whole spectrogram.
pub(super) fn mix_down(channels: &[&[f32]], out: &mut Vec<f32>) {
    let clean = |x: f32| {
        if x.is_finite() {
            x.clamp(-LOUDEST, LOUDEST)
        } else {
            0.0
        }
    };
    match channels {
        [] => {}
        [one] => out.extend(one.iter().map(|&x| clean(x))),
        [left, right] => {
            out.extend(
                left.iter()
                    .zip(*right)
                    .map(|(&l, &r)| 0.5 * (clean(l) + clean(r))),
            );
        }
        [first, rest @ ..] => {
            let scale = 1.0 / channels.len() as f32;
            let from = out.len();
            out.extend(first.iter().map(|&x| clean(x) * scale));
            for channel in rest {
                for (sum, &x) in out[from..].iter_mut().zip(*channel) {
                    *sum += clean(x) * scale;
                }
            }
        }
    }
}
