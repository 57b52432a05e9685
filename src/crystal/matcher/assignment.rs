//! Pairs of least total cost.

/// A cost that no pair has that may be formed.
pub(super) const FORBIDDEN: f64 = 1e20;

/// For each row the column it is paired with, such that the sum of the costs is smallest. Time grows with the cube of the size.
///
/// `costs` has `size` × `size` finite numbers, row by row.
///
/// # References
/// R. Jonker, A. Volgenant, *Computing* 38 (1987) 325, doi 10.1007/BF02278710: shortest augmenting paths.
pub(super) fn assign(costs: &[f64], size: usize) -> Vec<usize> {
    const NONE: usize = usize::MAX;
    let mut row_of = vec![NONE; size];
    let (mut row_price, mut column_price) = (vec![0.0; size], vec![0.0; size]);
    let mut distance = vec![0.0; size];
    let mut before = vec![NONE; size];
    let mut is_done = vec![false; size];
    for start in 0..size {
        distance.fill(f64::INFINITY);
        before.fill(start);
        is_done.fill(false);
        let (mut row, mut length) = (start, 0.0);
        let end = loop {
            let mut nearest = (NONE, f64::INFINITY);
            for column in (0..size).filter(|&column| !is_done[column]) {
                let through = length + costs[row * size + column] - row_price[row] - column_price[column];
                if through < distance[column] {
                    distance[column] = through;
                    before[column] = row;
                }
                if nearest.0 == NONE || distance[column] < nearest.1 {
                    nearest = (column, distance[column]);
                }
            }
            let (column, shortest) = nearest;
            is_done[column] = true;
            length = shortest;
            match row_of[column] {
                NONE => break column,
                next => row = next,
            }
        };
        row_price[start] += length;
        for column in (0..size).filter(|&column| is_done[column] && column != end) {
            row_price[row_of[column]] += length - distance[column];
            column_price[column] -= length - distance[column];
        }
        let mut column = end;
        loop {
            let row = before[column];
            let previous = row_of.iter().position(|&known| known == row);
            row_of[column] = row;
            match previous {
                Some(previous) if row != start => column = previous,
                _ => break,
            }
        }
    }
    let mut columns = vec![0; size];
    for (column, &row) in row_of.iter().enumerate() {
        columns[row] = column;
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every permutation of up to five rows, by Heap's algorithm.
    fn least(costs: &[f64], size: usize) -> f64 {
        fn permute(k: usize, order: &mut Vec<usize>, visit: &mut dyn FnMut(&[usize])) {
            if k <= 1 {
                return visit(order);
            }
            for i in 0..k {
                permute(k - 1, order, visit);
                order.swap(if k.is_multiple_of(2) { i } else { 0 }, k - 1);
            }
        }
        let mut best = f64::INFINITY;
        permute(size, &mut (0..size).collect(), &mut |order| {
            best = best.min(order.iter().enumerate().map(|(row, column)| costs[row * size + column]).sum());
        });
        best
    }

    #[test]
    fn no_permutation_costs_less() {
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / 1e3
        };
        for size in 1..=5 {
            for round in 0..200 {
                let costs: Vec<f64> =
                    (0..size * size).map(|_| if round % 3 == 0 { next().round() % 4.0 } else { next() }).collect();
                let columns = assign(&costs, size);
                let mut sorted = columns.clone();
                sorted.sort_unstable();
                assert!(sorted.iter().enumerate().all(|(place, &column)| place == column), "{columns:?}");
                let sum: f64 = columns.iter().enumerate().map(|(row, column)| costs[row * size + column]).sum();
                assert!((sum - least(&costs, size)).abs() < 1e-9, "{costs:?}");
            }
        }
    }
}
