# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer RDS: instances, Aurora clusters and their snapshots. What is missing here is moto's."""
