// A run's curves as TensorBoard reads them: TFRecord frames (uint64 length, its masked CRC-32C, the
// data, its masked CRC-32C, little-endian; the mask is a rotation by 15 bits and 0xa282ead8 added:
// tensorflow/core/lib/io/record_writer.h) of Event messages (event.proto: wall_time 1, step 2,
// file_version 3, summary 5; summary.proto: value 1, with tag 1 and simple_value 2).
#pragma once
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "results/run_record.h"

namespace isoloss {

// The bytes of an event file: train/loss, train/learning_rate and train/gradient_norm of each step,
// evaluation/loss and evaluation/selection_loss, TASK/METRIC of each score. Values are rounded to
// float32; wall_time counts seconds of training from 0, so that two writings give the same bytes.
std::string event_file(const RunRecord& record);

// Writes every run that has a curve to FOLDER/ARCHITECTURE-SIZE-lrRATE-sSEED-RUN/
// events.out.tfevents.0.isoloss, replacing what it wrote there before; returns how many there are.
// WorkError where the folder cannot be written.
std::size_t write_event_files(std::span<const RunRecord> runs, const std::filesystem::path& folder);

}  // namespace isoloss
