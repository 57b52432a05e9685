//! The expansion of densities: groups of points, seen from one end or from both, at every level of this processor, to the bit the
//! same at each.

use matsieve_kernels::dispatch::{Level, expand};
use matsieve_kernels::expansion::{Expansion, Group, Points, Target};
use matsieve_kernels::harmonics::SolidHarmonics;

const DEGREE: usize = 5;
const REACH: f64 = 36.0;

/// `num_radial` functions of each degree, none like the other.
fn basis(num_radial: usize) -> Expansion {
    let rates: Vec<f64> = (0..(DEGREE + 1) * num_radial).map(|k| 0.2 + (0.31 * k as f64) % 2.3).collect();
    let mixing: Vec<f64> = (0..rates.len() * num_radial).map(|k| (1.7 * k as f64).sin()).collect();
    Expansion::new(SolidHarmonics::new(DEGREE), num_radial, &rates, &mixing, REACH)
}

/// Points within the reach (Lehmer 1951, modulus 2³¹ − 1).
fn points(count: usize) -> Vec<[f64; 3]> {
    let mut state = 77u64;
    let mut next = || {
        state = state * 48_271 % 2_147_483_647;
        6.0 * (state as f64 / 2_147_483_647.0) - 3.0
    };
    (0..count).map(|_| [next(), next(), next()]).collect()
}

fn expanded(level: Level, basis: &Expansion, points: &[[f64; 3]], groups: &[Group], length: usize) -> Vec<f64> {
    let axes: [Vec<f64>; 3] = std::array::from_fn(|k| points.iter().map(|point| point[k]).collect());
    let squares: Vec<f64> = points.iter().map(|point| point.iter().map(|x| x * x).sum()).collect();
    let points = Points { axes: axes.each_ref().map(Vec::as_slice), squares: &squares, groups };
    let mut sums = vec![0.0; length];
    expand(level, basis, points, &mut vec![0.0; basis.scratch_len()], &mut sums, basis.width());
    sums
}

/// At the best level, with the same bits at all others.
fn at_every_level(basis: &Expansion, points: &[[f64; 3]], groups: &[Group], centres: usize) -> Vec<f64> {
    let length = centres * size(basis);
    let best = expanded(Level::best(), basis, points, groups, length);
    for level in Level::available() {
        let bits = |sums: &[f64]| sums.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        let found = expanded(level, basis, points, groups, length);
        assert_eq!(bits(&found), bits(&best), "{}", level.name());
    }
    best
}

fn size(basis: &Expansion) -> usize {
    basis.num_harmonics() * basis.width()
}

fn assert_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= 1e-13 * scale, "{place}: {found}, expected {expected}");
    }
}

/// Groups of no point, of one, of more than a block of the kernel, and of some that begin in one block and end in the next.
const SIZES: [usize; 9] = [3, 0, 1, 200, 40, 0, 30, 64, 5];

fn groups(target: impl Fn(usize) -> Target) -> Vec<Group> {
    let mut end = 0;
    let of_size = |(group, size): (usize, &usize)| {
        end += size;
        Group { end, target: target(group) }
    };
    SIZES.iter().enumerate().map(of_size).collect()
}

#[test]
fn groups_are_what_their_points_are_one_by_one() {
    for num_radial in [1, 8, 9] {
        let basis = basis(num_radial);
        let points = points(SIZES.iter().sum());
        let found = at_every_level(&basis, &points, &groups(|group| Target::One(group * size(&basis))), SIZES.len());
        let mut rest = &points[..];
        for (found, &count) in found.chunks(size(&basis)).zip(&SIZES) {
            let (own, others) = rest.split_at(count);
            rest = others;
            let mut expected = vec![0.0; size(&basis)];
            for point in own {
                let one = [Group { end: 1, target: Target::One(0) }];
                let added = expanded(Level::BASELINE, &basis, &[*point], &one, size(&basis));
                expected.iter_mut().zip(added).for_each(|(sum, x)| *sum += x);
            }
            assert_near(found, &expected);
        }
        assert!(rest.is_empty());
    }
}

#[test]
fn the_far_end_of_a_pair_sees_opposite_points() {
    let basis = basis(8);
    let points = points(SIZES.iter().sum());
    let opposite: Vec<[f64; 3]> = points.iter().map(|point| point.map(|x| -x)).collect();
    let pairs = groups(|group| Target::Two(2 * group * size(&basis), (2 * group + 1) * size(&basis)));
    let found = at_every_level(&basis, &points, &pairs, 2 * SIZES.len());
    let near = at_every_level(&basis, &points, &groups(|group| Target::One(2 * group * size(&basis))), 2 * SIZES.len());
    let far = at_every_level(
        &basis,
        &opposite,
        &groups(|group| Target::One((2 * group + 1) * size(&basis))),
        2 * SIZES.len(),
    );
    let expected: Vec<f64> = near.iter().zip(&far).map(|(near, far)| near + far).collect();
    assert_near(&found, &expected);
}

#[test]
fn images_stand_for_those_that_lie_opposite() {
    let basis = basis(8);
    let points = points(100);
    let both: Vec<[f64; 3]> = points.iter().flat_map(|point| [*point, point.map(|x| -x)]).collect();
    let found = at_every_level(&basis, &points, &[Group { end: 100, target: Target::Opposite(0) }], 1);
    let expected = at_every_level(&basis, &both, &[Group { end: 200, target: Target::One(0) }], 1);
    assert_near(&found, &expected);
    for l in (1..=DEGREE).step_by(2) {
        let odd = l * l * basis.width()..(l + 1) * (l + 1) * basis.width();
        assert!(found[odd].iter().all(|x| *x == 0.0), "degree {l}");
    }
}
