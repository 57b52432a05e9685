//! Attention within many small sets: every member of a set looks at all members of its own set.
//!
//! Members of all sets lie one after another as rows. A row of `projected` holds its queries, keys and values, `width`
//! numbers each, heads side by side. The score of `i` for `j` is `q_i · k_j / √(width / heads) + slope · bias_j`, with
//! one slope a head.

use crate::single::{dot, exp};

/// Largest set.
pub const MAX_SET: usize = 128;

/// Sizes of sets and heads.
#[derive(Copy, Clone, Debug)]
pub struct Sets<'a> {
    /// Members of each set, 1 to [`MAX_SET`].
    pub sizes: &'a [u32],
    /// Bias of each member.
    pub bias: &'a [f32],
    /// Heads.
    pub heads: usize,
    /// Width of queries, of keys and of values, all heads.
    pub width: usize,
}

impl Sets<'_> {
    /// Number of attention weights of all sets.
    pub fn num_weights(&self) -> usize {
        self.sizes.iter().map(|&size| size as usize * size as usize * self.heads).sum()
    }

    fn check(&self, projected: usize, slopes: usize, weights: usize, output: usize) {
        let members: usize = self.sizes.iter().map(|&size| size as usize).sum();
        assert!(self.sizes.iter().all(|&size| (1..=MAX_SET as u32).contains(&size)), "sets of 1 to {MAX_SET}");
        assert!(members == self.bias.len() && projected == 3 * members * self.width, "rows fit");
        assert!(slopes == self.heads && self.width.is_multiple_of(self.heads) && self.heads > 0, "heads fit");
        assert!(weights == self.num_weights() && output == members * self.width, "outputs fit");
    }
}

/// Mean of the values of each set, weighted by attention; keeps the weights.
///
/// # Panics
/// If lengths do not fit.
///
/// # References
/// arXiv 1706.03762 (A. Vaswani et al., Attention is all you need), equation 1.
#[inline(always)]
pub fn attend(sets: Sets<'_>, slopes: &[f32], projected: &[f32], weights: &mut [f32], output: &mut [f32]) {
    sets.check(projected.len(), slopes.len(), weights.len(), output.len());
    let (width, part) = (sets.width, sets.width / sets.heads);
    let scale = 1.0 / (part as f32).sqrt();
    let (mut first, mut used) = (0, 0);
    for &size in sets.sizes {
        let size = size as usize;
        let rows = &projected[3 * first * width..][..3 * size * width];
        for head in 0..sets.heads {
            for i in 0..size {
                let query = &rows[3 * i * width + head * part..][..part];
                let scores = &mut weights[used..][..size];
                used += size;
                let mut highest = f32::NEG_INFINITY;
                for (j, score) in scores.iter_mut().enumerate() {
                    let key = &rows[(3 * j + 1) * width + head * part..][..part];
                    *score = dot(query, key) * scale + slopes[head] * sets.bias[first + j];
                    highest = highest.max(*score);
                }
                let mut total = 0.0;
                for score in scores.iter_mut() {
                    *score = exp(*score - highest);
                    total += *score;
                }
                let out = &mut output[(first + i) * width + head * part..][..part];
                out.fill(0.0);
                for (j, weight) in scores.iter_mut().enumerate() {
                    *weight /= total;
                    let value = &rows[(3 * j + 2) * width + head * part..][..part];
                    for (out, value) in out.iter_mut().zip(value) {
                        *out += *weight * value;
                    }
                }
            }
        }
        first += size;
    }
}

/// Writes what [`attend`] passes back of `d_output` into `d_projected` and adds to the gradients of the slopes.
///
/// # Panics
/// If lengths do not fit.
#[inline(always)]
pub fn attend_backward(
    sets: Sets<'_>,
    projected: &[f32],
    weights: &[f32],
    d_output: &[f32],
    d_slopes: &mut [f32],
    d_projected: &mut [f32],
) {
    sets.check(projected.len(), d_slopes.len(), weights.len(), d_output.len());
    assert_eq!(projected.len(), d_projected.len(), "one gradient a value");
    let (width, part) = (sets.width, sets.width / sets.heads);
    let scale = 1.0 / (part as f32).sqrt();
    d_projected.fill(0.0);
    let (mut first, mut used) = (0, 0);
    let mut d_scores = [0.0; MAX_SET];
    for &size in sets.sizes {
        let size = size as usize;
        let rows = &projected[3 * first * width..][..3 * size * width];
        let d_rows = &mut d_projected[3 * first * width..][..3 * size * width];
        for head in 0..sets.heads {
            for i in 0..size {
                let weights = &weights[used..][..size];
                used += size;
                let d_out = &d_output[(first + i) * width + head * part..][..part];
                let mut along = 0.0;
                for (j, &weight) in weights.iter().enumerate() {
                    let place = (3 * j + 2) * width + head * part;
                    d_scores[j] = dot(d_out, &rows[place..][..part]);
                    along += weight * d_scores[j];
                    for (d, out) in d_rows[place..][..part].iter_mut().zip(d_out) {
                        *d += weight * out;
                    }
                }
                let query = 3 * i * width + head * part;
                for (j, &weight) in weights.iter().enumerate() {
                    let d_score = weight * (d_scores[j] - along);
                    d_slopes[head] += d_score * sets.bias[first + j];
                    let key = (3 * j + 1) * width + head * part;
                    for k in 0..part {
                        d_rows[query + k] += d_score * scale * rows[key + k];
                        d_rows[key + k] += d_score * scale * rows[query + k];
                    }
                }
            }
        }
        first += size;
    }
}

/// Writes two rows of `width` for each set, side by side: the mean of its members weighted by `shares`, and the plain mean.
///
/// # Panics
/// If lengths do not fit.
#[inline(always)]
pub fn pool(sizes: &[u32], shares: &[f32], width: usize, members: &[f32], output: &mut [f32], stride: usize) {
    assert!(members.len() == shares.len() * width && output.len() == sizes.len() * stride, "rows fit");
    let mut first = 0;
    for (&size, out) in sizes.iter().zip(output.chunks_exact_mut(stride)) {
        let (weighted, plain) = out[..2 * width].split_at_mut(width);
        weighted.fill(0.0);
        plain.fill(0.0);
        let part = 1.0 / size as f32;
        for place in first..first + size as usize {
            let row = &members[place * width..][..width];
            for i in 0..width {
                weighted[i] += shares[place] * row[i];
                plain[i] += part * row[i];
            }
        }
        first += size as usize;
    }
}

/// Writes what [`pool`] passes back.
///
/// # Panics
/// If lengths do not fit.
#[inline(always)]
pub fn pool_backward(
    sizes: &[u32],
    shares: &[f32],
    width: usize,
    d_output: &[f32],
    stride: usize,
    d_members: &mut [f32],
) {
    assert!(d_members.len() == shares.len() * width && d_output.len() == sizes.len() * stride, "rows fit");
    let mut first = 0;
    for (&size, d_out) in sizes.iter().zip(d_output.chunks_exact(stride)) {
        let (weighted, plain) = d_out[..2 * width].split_at(width);
        let part = 1.0 / size as f32;
        for place in first..first + size as usize {
            let row = &mut d_members[place * width..][..width];
            for i in 0..width {
                row[i] = shares[place] * weighted[i] + part * plain[i];
            }
        }
        first += size as usize;
    }
}
