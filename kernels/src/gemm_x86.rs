//! [`multiply_add`](crate::gemm::multiply_add) with vectors. The compiler keeps a tile of sums in memory; here it stays in
//! registers, which makes products ten times faster.
//!
//! A tile adds whole vectors; where it reaches over the edge of the sum it works on a copy.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use crate::gemm::{Matrix, pack};

macro_rules! product {
    ($name:ident, $tile:ident, $real:ty, $features:literal, $lanes:literal, $rows:literal,
        $zero:ident, $all:ident, $load:ident, $store:ident, $fused:ident) => {
        #[target_feature(enable = $features)]
        pub(crate) fn $name(
            a: Matrix<'_, $real>,
            b: Matrix<'_, $real>,
            scale: $real,
            sum: &mut [$real],
            stride: usize,
            packed: &mut [$real],
        ) {
            const WIDTH: usize = 2 * $lanes;
            let Some(packed) = pack(a, b, scale, sum, stride, packed, WIDTH) else { return };
            for (number, panel) in packed.chunks_exact(a.columns * WIDTH).enumerate() {
                let first = number * WIDTH;
                let width = WIDTH.min(b.columns - first);
                let mut row = 0;
                while row < a.rows {
                    let rows = $rows.min(a.rows - row);
                    if width == WIDTH {
                        add_rows(a, row, rows, panel, &mut sum[row * stride + first..], stride);
                    } else {
                        let mut copy = [0.0; $rows * WIDTH];
                        for i in 0..rows {
                            let source = &sum[(row + i) * stride + first..][..width];
                            copy[i * WIDTH..][..width].copy_from_slice(source);
                        }
                        add_rows(a, row, rows, panel, &mut copy, WIDTH);
                        for i in 0..rows {
                            let out = &mut sum[(row + i) * stride + first..][..width];
                            out.copy_from_slice(&copy[i * WIDTH..][..width]);
                        }
                    }
                    row += rows;
                }
            }

            #[target_feature(enable = $features)]
            #[inline]
            fn add_rows(
                a: Matrix<'_, $real>,
                row: usize,
                rows: usize,
                panel: &[$real],
                sum: &mut [$real],
                stride: usize,
            ) {
                if rows == $rows {
                    return $tile::<$rows>(a, row, panel, sum, stride);
                }
                let mut done = 0;
                while done + 4 <= rows {
                    $tile::<4>(a, row + done, panel, &mut sum[done * stride..], stride);
                    done += 4;
                }
                while done < rows {
                    $tile::<1>(a, row + done, panel, &mut sum[done * stride..], stride);
                    done += 1;
                }
            }
        }

        #[target_feature(enable = $features)]
        #[inline]
        fn $tile<const M: usize>(a: Matrix<'_, $real>, row: usize, panel: &[$real], sum: &mut [$real], stride: usize) {
            const WIDTH: usize = 2 * $lanes;
            let steps = panel.len() / WIDTH;
            let (row_step, step) = if a.is_transposed { (1, a.stride) } else { (a.stride, 1) };
            assert!(steps > 0 && (row + M - 1) * row_step + (steps - 1) * step < a.values.len(), "rows lie inside");
            assert!((M - 1) * stride + WIDTH <= sum.len(), "the sum holds the tile");
            let mut sums = [[$zero(); 2]; M];
            for i in 0..M {
                // SAFETY: `i · stride + WIDTH` is at most what was just checked against the length.
                unsafe {
                    let place = sum.as_ptr().add(i * stride);
                    sums[i] = [$load(place), $load(place.add($lanes))];
                }
            }
            let mut factors = a.values[row * row_step..].as_ptr();
            let mut b = panel.as_ptr();
            for _ in 0..steps {
                // SAFETY: `b` walks through `steps` rows of the panel; `factors` through as many steps, and the last factor of
                // the last step lies inside, as checked above. Behind the last step neither is read.
                unsafe {
                    let (left, right) = ($load(b), $load(b.add($lanes)));
                    for i in 0..M {
                        let factor = $all(*factors.add(i * row_step));
                        sums[i][0] = $fused(factor, left, sums[i][0]);
                        sums[i][1] = $fused(factor, right, sums[i][1]);
                    }
                    b = b.add(WIDTH);
                }
                factors = factors.wrapping_add(step);
            }
            for i in 0..M {
                // SAFETY: as where they were loaded.
                unsafe {
                    let place = sum.as_mut_ptr().add(i * stride);
                    $store(place, sums[i][0]);
                    $store(place.add($lanes), sums[i][1]);
                }
            }
        }
    };
}

product!(
    multiply_add_f32_avx512,
    tile_f32_avx512,
    f32,
    "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi1,bmi2,lzcnt,popcnt",
    16,
    8,
    _mm512_setzero_ps,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_fmadd_ps
);
product!(
    multiply_add_f64_avx512,
    tile_f64_avx512,
    f64,
    "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi1,bmi2,lzcnt,popcnt",
    8,
    8,
    _mm512_setzero_pd,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    _mm512_storeu_pd,
    _mm512_fmadd_pd
);
product!(
    multiply_add_f32_avx2,
    tile_f32_avx2,
    f32,
    "avx2,fma,bmi1,bmi2,lzcnt,popcnt",
    8,
    6,
    _mm256_setzero_ps,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_fmadd_ps
);
product!(
    multiply_add_f64_avx2,
    tile_f64_avx2,
    f64,
    "avx2,fma,bmi1,bmi2,lzcnt,popcnt",
    4,
    6,
    _mm256_setzero_pd,
    _mm256_set1_pd,
    _mm256_loadu_pd,
    _mm256_storeu_pd,
    _mm256_fmadd_pd
);
