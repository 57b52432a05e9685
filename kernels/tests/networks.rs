//! Products and networks: against naive loops, against finite differences, at every instruction set of this processor.

use matsieve_kernels::cholesky;
use matsieve_kernels::dispatch::{Level, adam, logistic, matern, multiply_add_f32, multiply_add_f64, pinball};
use matsieve_kernels::gemm::{Matrix, packed_len};
use matsieve_kernels::layers::AdamStep;
use matsieve_kernels::networks::{DenseShape, DenseState, Kind, Part, SetBatch, SetNetworkShape, SetNetworkState};

/// Numbers in −1 … 1 that look random: SplitMix64.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    fn many(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.next() as f32).collect()
    }
}

#[test]
fn product_is_one_chain_of_fused_steps_per_element_in_all_shapes_and_levels() {
    let mut numbers = Numbers(1);
    for (rows, inner, columns) in [(1, 1, 1), (7, 5, 3), (8, 33, 32), (13, 64, 48), (40, 17, 65), (3, 0, 4)] {
        let (a, b) = (numbers.many(rows * inner), numbers.many(inner * columns));
        let start = numbers.many(rows * columns);
        let transpose = |values: &[f32], rows: usize, columns: usize| -> Vec<f32> {
            (0..rows * columns).map(|i| values[i % rows * columns + i / rows]).collect()
        };
        let (a_turned, b_turned) = (transpose(&a, rows, inner), transpose(&b, inner, columns));
        for level in Level::available() {
            for scale in [1.0, -1.0] {
                let mut expected = start.clone();
                for (place, sum) in expected.iter_mut().enumerate() {
                    for k in 0..inner {
                        *sum = a[place / columns * inner + k].mul_add(b[k * columns + place % columns] * scale, *sum);
                    }
                }
                let mut packed = vec![0.0; packed_len(inner, columns)];
                for turned in [[false, false], [true, false], [false, true], [true, true]] {
                    let left = if turned[0] {
                        Matrix::new(&a_turned, inner, rows).transposed()
                    } else {
                        Matrix::new(&a, rows, inner)
                    };
                    let right = if turned[1] {
                        Matrix::new(&b_turned, columns, inner).transposed()
                    } else {
                        Matrix::new(&b, inner, columns)
                    };
                    let mut sum = start.clone();
                    multiply_add_f32(level, left, right, scale, &mut sum, columns, &mut packed);
                    assert_eq!(sum, expected, "{rows} {inner} {columns} {} {turned:?}", level.name());
                }
            }
        }
    }
}

#[test]
fn product_of_doubles_keeps_strides() {
    let a: Vec<f64> = (0..12).map(f64::from).collect();
    // Rows 0 1 | 4 5 | 8 9 of `a`, times the identity, twice.
    let identity = [1.0, 0.0, 0.0, 1.0];
    for level in Level::available() {
        let mut sum = vec![0.0; 9];
        let mut packed = vec![0.0; packed_len(2, 2)];
        let left = Matrix::strided(&a, 3, 2, 4);
        multiply_add_f64(level, left, Matrix::new(&identity, 2, 2), 2.0, &mut sum, 3, &mut packed);
        assert_eq!(sum, [0.0, 2.0, 0.0, 8.0, 10.0, 0.0, 16.0, 18.0, 0.0]);
    }
}

#[test]
fn factor_times_its_transpose_is_the_matrix_and_sides_do_not_touch_one_another() {
    let mut numbers = Numbers(11);
    for size in [1, 5, 64, 65, 150] {
        let root: Vec<f64> = (0..size * size).map(|_| numbers.next()).collect();
        let mut matrix = vec![0.0; size * size];
        for i in 0..size {
            for j in 0..size {
                let product: f64 = (0..size).map(|k| root[i * size + k] * root[j * size + k]).sum();
                matrix[i * size + j] = product + if i == j { 1.0 } else { 0.0 };
            }
        }
        let mut scratch = vec![0.0; cholesky::scratch_len(size, 3)];
        let mut lower = matrix.clone();
        assert!(cholesky::factor(Level::best(), &mut lower, size, &mut scratch));
        for level in Level::available() {
            let mut again = matrix.clone();
            assert!(cholesky::factor(level, &mut again, size, &mut scratch));
            assert_eq!(again, lower, "{}", level.name());
        }
        // L Lᵀ x = b, checked by A x = b.
        let right: Vec<f64> = (0..size * 3).map(|_| numbers.next()).collect();
        let mut solved = right.clone();
        cholesky::solve(Level::best(), &lower, size, &mut solved, 3, &mut scratch);
        for side in 0..3 {
            let mut alone: Vec<f64> = (0..size).map(|row| right[row * 3 + side]).collect();
            cholesky::solve(Level::best(), &lower, size, &mut alone, 1, &mut scratch);
            assert!((0..size).all(|row| alone[row] == solved[row * 3 + side]), "side {side}");
            cholesky::solve_transposed(&lower, size, &mut alone);
            for row in 0..size {
                let product: f64 = (0..size).map(|k| matrix[row * size + k] * alone[k]).sum();
                assert!((product - right[row * 3 + side]).abs() < 1e-9, "{size}: row {row}");
            }
        }
    }
    let mut indefinite = vec![1.0, 0.0, 2.0, 1.0];
    assert!(!cholesky::factor(Level::best(), &mut indefinite, 2, &mut vec![0.0; cholesky::scratch_len(2, 1)]));
}

#[test]
fn matern_covariance_at_the_length_is_0_524() {
    // s = √5: (1 + 2.23607 + 5/3) e^−2.23607 = 4.90273 · 0.106877 = 0.52399.
    let mut squares = [0.0, 4.0];
    matern(Level::best(), &mut squares, 0.5);
    assert!(squares[0] == 1.0 && (squares[1] - 0.52399).abs() < 1e-5, "{squares:?}");
}

fn initial(parts: &[Part], numbers: &mut Numbers) -> Vec<f32> {
    let mut parameters = Vec::new();
    for part in parts {
        let scale = match part.kind {
            Kind::Weights(inputs) => 1.5 / (inputs as f32).sqrt(),
            _ => 0.3,
        };
        let start = f32::from(u8::from(part.kind == Kind::Gain));
        parameters.extend(numbers.many(part.range.len()).iter().map(|x| start + scale * x));
    }
    parameters
}

/// Compares the gradient with differences along a random direction in each part.
fn check_gradient(
    parts: &[Part],
    parameters: &[f32],
    gradients: &[f32],
    numbers: &mut Numbers,
    loss: &mut dyn FnMut(&[f32]) -> f64,
) {
    for part in parts {
        let direction: Vec<f32> = numbers.many(part.range.len());
        let step = 1e-2 / (direction.len() as f32).sqrt();
        let mut moved = |sign: f32| {
            let mut there = parameters.to_vec();
            for (value, d) in there[part.range.clone()].iter_mut().zip(&direction) {
                *value += sign * step * d;
            }
            loss(&there)
        };
        let found = (moved(1.0) - moved(-1.0)) / (2.0 * f64::from(step));
        let expected: f64 = gradients[part.range.clone()].iter().zip(&direction).map(|(g, d)| f64::from(g * d)).sum();
        let scale: f64 = gradients[part.range.clone()].iter().map(|g| f64::from(g * g)).sum::<f64>().sqrt();
        // Single precision: an output of about 1 is known to 1e-7 of itself, its difference to 1e-4 of the step.
        assert!((found - expected).abs() < 0.02 * scale + 2e-3, "{part:?}: {found}, expected {expected}");
    }
}

#[test]
fn gradient_of_dense_layers_equals_differences() {
    let mut numbers = Numbers(3);
    let shape = DenseShape::new(&[9, 17, 12, 3]);
    let parameters = initial(shape.parts(), &mut numbers);
    let input = numbers.many(5 * 9);
    let weights = numbers.many(5 * 3);
    let masks: Vec<Vec<f32>> =
        shape.hidden().map(|width| numbers.many(5 * width).iter().map(|x| x.abs()).collect()).collect();
    let mut state = DenseState::default();
    let level = Level::best();
    let mut loss = |parameters: &[f32]| -> f64 {
        let out = shape.forward(level, parameters, &input, &masks, &mut state);
        out.iter().zip(&weights).map(|(o, w)| f64::from(*o) * f64::from(*w)).sum()
    };
    loss(&parameters);
    let mut gradients = vec![0.0; parameters.len()];
    let mut state_back = DenseState::default();
    shape.forward(level, &parameters, &input, &masks, &mut state_back);
    let mut d_input = vec![0.0; input.len()];
    shape.backward(level, &parameters, &mut gradients, &input, &masks, &weights, Some(&mut d_input), &mut state_back);
    check_gradient(shape.parts(), &parameters, &gradients, &mut numbers, &mut loss);

    let direction = numbers.many(input.len());
    let mut moved = |step: f32| -> f64 {
        let there: Vec<f32> = input.iter().zip(&direction).map(|(x, d)| x + step * d).collect();
        let out = shape.forward(level, &parameters, &there, &masks, &mut state_back);
        out.iter().zip(&weights).map(|(o, w)| f64::from(*o) * f64::from(*w)).sum()
    };
    let found = (moved(1e-3) - moved(-1e-3)) / 2e-3;
    let expected: f64 = d_input.iter().zip(&direction).map(|(g, d)| f64::from(g * d)).sum();
    assert!((found - expected).abs() < 0.02 * expected.abs() + 5e-3, "{found}, expected {expected}");
}

struct Batch {
    sizes: Vec<u32>,
    kinds: Vec<u16>,
    inputs: Vec<f32>,
    shares: Vec<f32>,
    bias: Vec<f32>,
    context: Vec<f32>,
}

impl Batch {
    fn new(sizes: &[u32], numbers: &mut Numbers) -> Self {
        let members: usize = sizes.iter().map(|&size| size as usize).sum();
        let shares: Vec<f32> = sizes.iter().flat_map(|&size| vec![1.0 / size as f32; size as usize]).collect();
        Self {
            sizes: sizes.to_vec(),
            kinds: (0..members).map(|i| (i * i % 7) as u16).collect(),
            inputs: numbers.many(members * 6),
            bias: shares.iter().map(|share| share.ln()).collect(),
            shares,
            context: numbers.many(sizes.len() * 2),
        }
    }

    fn view(&self) -> SetBatch<'_> {
        SetBatch {
            sizes: &self.sizes,
            kinds: &self.kinds,
            inputs: &self.inputs,
            shares: &self.shares,
            bias: &self.bias,
            context: &self.context,
        }
    }
}

fn set_network() -> SetNetworkShape {
    SetNetworkShape::new(6, 7, 16, 2, 2, 2, &[11], 3)
}

#[test]
fn gradient_of_a_set_network_equals_differences() {
    let mut numbers = Numbers(5);
    let shape = set_network();
    let parameters = initial(shape.parts(), &mut numbers);
    let batch = Batch::new(&[1, 3, 2, 5], &mut numbers);
    let weights = numbers.many(4 * 3);
    let (inner, outer) = shape.mask_widths();
    let rows = inner.iter().map(|width| 11 * width).chain(outer.iter().map(|width| 4 * width));
    let masks: Vec<Vec<f32>> = rows.map(|n| numbers.many(n).iter().map(|x| x.abs()).collect()).collect();
    let level = Level::best();
    let mut state = SetNetworkState::default();
    shape.forward(level, &parameters, batch.view(), &masks, &mut state);
    let mut gradients = vec![0.0; shape.num_parameters()];
    shape.backward(level, &parameters, &mut gradients, batch.view(), &masks, &weights, &mut state);
    let mut loss = |parameters: &[f32]| -> f64 {
        let out = shape.forward(level, parameters, batch.view(), &masks, &mut state);
        out.iter().zip(&weights).map(|(o, w)| f64::from(*o) * f64::from(*w)).sum()
    };
    check_gradient(shape.parts(), &parameters, &gradients, &mut numbers, &mut loss);
}

#[test]
fn outputs_of_a_set_are_the_same_bits_alone_together_and_at_every_level() {
    let mut numbers = Numbers(7);
    let shape = set_network();
    let parameters = initial(shape.parts(), &mut numbers);
    let sizes = [2, 1, 4, 3, 3, 2, 1, 6, 2];
    let batch = Batch::new(&sizes, &mut numbers);
    let mut state = SetNetworkState::default();
    let together = shape.forward(Level::best(), &parameters, batch.view(), &[], &mut state).to_vec();
    for level in Level::available() {
        let mut first = 0;
        for (set, &size) in sizes.iter().enumerate() {
            let last = first + size as usize;
            let own = SetBatch {
                sizes: &batch.sizes[set..set + 1],
                kinds: &batch.kinds[first..last],
                inputs: &batch.inputs[6 * first..6 * last],
                shares: &batch.shares[first..last],
                bias: &batch.bias[first..last],
                context: &batch.context[2 * set..2 * set + 2],
            };
            let alone = shape.forward(level, &parameters, own, &[], &mut state);
            assert_eq!(alone, &together[3 * set..3 * set + 3], "set {set} at {}", level.name());
            first = last;
        }
    }
}

#[test]
fn pinball_pulls_with_the_level_below_and_its_complement_above() {
    let mut gradient = [0.0; 4];
    let loss = pinball(Level::best(), &[1.0, 1.0, 1.0, 1.0], &[3.0, 0.0], &[0.25, 0.5], &mut gradient);
    // Misses 2 and −1: 0.25·2 + 0.5·2 + 0.75·1 + 0.5·1 = 2.75, over four outputs.
    assert_eq!(loss, 0.6875);
    assert_eq!(gradient, [-0.0625, -0.125, 0.1875, 0.125]);
}

#[test]
fn logistic_gradient_is_probability_minus_class() {
    let mut gradient = [0.0; 2];
    let loss = logistic(Level::best(), &[0.0, 0.0], &[1.0, 0.0], &mut gradient);
    assert!((f64::from(loss) - std::f64::consts::LN_2).abs() < 1e-6);
    assert_eq!(gradient, [-0.25, 0.25]);
}

#[test]
fn first_step_of_adam_is_the_rate_against_the_sign() {
    let (mut g, mut m, mut v, mut p) = (vec![3.0_f32, -0.5], vec![0.0; 2], vec![0.0; 2], vec![1.0, 1.0]);
    // Bias corrections of step 1: 1 − 0.9 and 1 − 0.95.
    let step = AdamStep { rate: 0.01 / (1.0 - 0.9), momentum: 0.9, memory: 0.95, correction: 1.0 / 0.05, keep: 1.0 };
    adam(Level::best(), step, &mut g, &mut m, &mut v, &mut p);
    assert!((p[0] - 0.99).abs() < 1e-6 && (p[1] - 1.01).abs() < 1e-6, "{p:?}");
    assert_eq!(g, [0.0, 0.0]);
}
