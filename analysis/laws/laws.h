// Every law, one file each. To add one: its file beside these, its line here and in laws(),
// or accuracy_laws() where it says accuracy and no loss (law.cpp).
#pragma once
#include "analysis/laws/law.h"

namespace isoloss {

Law power_law();             // E + a C^-b
Law chinchilla_law();        // E + A N^-alpha + B D^-beta
Law gamma_law();             // E + (A N^-alpha + B D^-beta)^gamma
Law kaplan_law();            // ((Nc/N)^(alphaN/alphaD) + Dc/D)^alphaD
Law overtraining_law();      // E + (a M^eta + b M^-eta) C^-eta, M = D/N
Law data_constrained_law();  // chinchilla's with returns that decay over repeated tokens
Law surface_law();           // E + A C^-k + kappa (ln N - a ln C - g)^2

// Of accuracy over a task's loss.
Law sigmoid_law();      // E + a / (1 + e^(k (L - L0)))
Law exponential_law();  // E + a e^(-gamma L)

}  // namespace isoloss
