# SPDX-License-Identifier: GPL-3.0-or-later
"""RDS: instances, Aurora clusters and their snapshots. What is not here is moto's."""
