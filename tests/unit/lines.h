/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lines.h - is a line of the audit what the catalogue allows?
 */
#ifndef TESTS_LINES_H
#define TESTS_LINES_H

#include "base/slice.h"

#include <stdbool.h>

enum { LINES_WHY = 160 };

/* With its newline. False: why not. */
bool line_fits(struct slice line, char why[LINES_WHY]);

#endif
