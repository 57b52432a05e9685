#!/usr/bin/env bash
# Trains every model on board again from the public tables in MATSIEVE_DATASETS (default ../shared/datasets).
set -euo pipefail
cd "$(dirname "$0")/.."
datasets="${MATSIEVE_DATASETS:-../shared/datasets}"
program="${MATSIEVE:-target/release/matsieve}"

"$program" train "$datasets/matbench_tables/matbench_expt_gap.csv.gz" --target "gap expt" --unit eV \
    --members extra_trees:300,boosting:1,hurdle:150 --name expt_gap \
    --source "Matbench v0.1 matbench_expt_gap (Dunn et al. 2020, doi:10.1038/s41524-020-00406-3; data of Zhuo et al. 2018, doi:10.1021/acs.jpclett.8b00124)" \
    --licence MIT --commercial-use yes -o models/expt_gap.msm
