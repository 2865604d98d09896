#!/bin/sh
# mpi_job.sh MPIRUN ARGUMENT...: starts a job whose folder in /tmp is its own. Open MPI 4 gives all
# jobs of a user one, which the job that ends last removes, now and then while another one begins.
OMPI_MCA_orte_tmpdir_base=$(mktemp -d) || exit 1
export OMPI_MCA_orte_tmpdir_base
trap 'rm -rf "$OMPI_MCA_orte_tmpdir_base"' EXIT
"$@"
