//! The loss of one head on one example.

use super::config::HeadKind;
use crate::nn::log_softmax;

/// The loss of one head on one example; adds its gradient times `scale`.
pub(super) fn head_loss(
    kind: HeadKind,
    z: &[f32],
    t: &[f32],
    scale: f32,
    gradient: &mut [f32],
) -> f64 {
    if t.iter().any(|t| t.is_nan()) {
        return 0.0;
    }
    let mut loss = 0.0;
    match kind {
        HeadKind::Class => {
            let log_p = log_softmax(z, z.len());
            for ((&l, &t), g) in log_p.iter().zip(t).zip(gradient) {
                loss -= f64::from(l) * f64::from(t);
                *g += scale * (l.exp() - t);
            }
        }
        HeadKind::ValueTrack => {
            let share = 1.0 / z.len() as f32;
            for ((&z, &t), g) in z.iter().zip(t).zip(gradient) {
                let off = z - t;
                loss += f64::from(0.5 * share * off * off);
                *g += scale * share * off;
            }
        }
        HeadKind::Tags | HeadKind::Scales | HeadKind::TagTrack => {
            let share = 1.0 / z.len() as f32;
            for ((&z, &t), g) in z.iter().zip(t).zip(gradient) {
                // log(1 + e^z) - t z, without overflow.
                let softplus = z.max(0.0) + (-z.abs()).exp().ln_1p();
                loss += f64::from(share * (softplus - t * z));
                *g += scale * share * (sigmoid(z) - t);
            }
        }
    }
    loss
}

/// 1 / (1 + e^-z).
pub(super) fn sigmoid(z: f32) -> f32 {
    1.0 / (1.0 + (-z).exp())
}
