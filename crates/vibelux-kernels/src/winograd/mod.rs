//! 3x3 convolutions with a quarter of the multiplications, by Winograd's minimal filtering F(4x4, 3x3).
//!
//! After Lavin and Gray ("Fast Algorithms for Convolutional Neural Networks", 2015). A tile of 4x4 outputs
//! comes from 6x6 inputs. Both and the filter become 36 values each, of which every one is a sum over
//! channels on its own: 36 matrix products of tiles by channels, for which [`super::convolution`] has the
//! loops (a kernel of 1x1, the tiles its pixels). A direct convolution multiplies 144 times where these do
//! 36 times.
//!
//! With the matrices G, B and A of the article, y = A' [(G g G') * (B' x B)] A. The gradients are its
//! adjoint: to the input B [(G g G') * (A dy A')] B', to the filter G' [(B' x B) * (A dy A')] G. So both
//! gradients share the transform of the output's.
//!
//! [`Tiling`] turns images into tiles and back, [`Filters`] multiplies, a [`Stack`] holds what lies between.
//! Sums are f32 and rounded more often than those of a direct convolution: the two differ by less than 2e-5
//! of the largest value, as tests of the training layer see to.

mod filters;
mod kernels;
mod stack;
mod tiles;
mod tiling;
mod transforms;

pub use filters::Filters;
pub use stack::Stack;
pub use tiles::{CHANNEL_MULTIPLE, POSITIONS, pays};
pub use tiling::Tiling;
