# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the option ``overrides``, with the settings of each module that has it.

Ansible merges fragments only down to the option, not into its suboptions: so each module has a variant of its own here.
"""

from __future__ import annotations

from textwrap import indent

ANY_DATABASE = "Only databases that carry all of these tags with these values."
OF_A_SNAPSHOT = "Only recovery points that carry all of these tags with these values."
OF_A_MANIFEST = "Only databases that carry all of these tags with these values, as far as a manifest tells them."


def overrides(settings: str, tags: str = ANY_DATABASE) -> str:
    """Build the documentation of the option.

    :param settings: the documentation of the settings, indented as suboptions.
    :param tags: what the suboption ``match_tags`` goes by.
    """
    return f"""
options:
  overrides:
    description:
      - What differs for some databases. Each entry selects them by O(overrides[].databases), O(overrides[].match_tags),
        O(overrides[].engines) and O(overrides[].kinds), and sets what holds for them.
      - All entries that match a database apply, in their order. The last one wins.
    type: list
    elements: dict
    default: []
    suboptions:
      databases:
        description: Identifiers or patterns of databases. All databases when left out.
        type: list
        elements: str
      match_tags:
        description: {tags}
        type: dict
      engines:
        description: Only databases of these engines.
        type: list
        elements: str
      kinds:
        description: Only DB instances or only DB clusters.
        type: list
        elements: str
        choices: [instance, cluster]
{settings}"""


def instead(**types: str) -> str:
    """Build the documentation of settings that stand for the option of the same name, from the type of each."""
    return "".join(
        f"      {name}:\n        description: Instead of O({name}).\n        type: {kind}\n"
        for name, kind in types.items()
    )


SOURCE = """
      source:
        description: Instead of O(source).
        type: str
        choices: [automated, manual, awsbackup, snapshot]
"""
# Of Aurora Serverless v2, below the line that names or describes the option.
CAPACITY = """
type: dict
suboptions:
  min:
    description: The least number of Aurora capacity units.
    type: float
    required: true
  max:
    description: The greatest number of Aurora capacity units.
    type: float
    required: true
"""
PROTECTION = """
      protect:
        description:
          - V(false) excludes databases. They need a O(overrides[].reason), and are reported as V(excluded).
          - V(true) protects replicas as well, which otherwise are reported as V(replica) and covered by what they
            replicate.
        type: bool
      reason:
        description: Why they are excluded. Reports show it.
        type: str
"""
LIST_AND_CAPACITY = """
      vpc_security_group_ids:
        description: Instead of O(vpc_security_group_ids).
        type: list
        elements: str
      serverless:
        description: Instead of O(serverless).
"""
OBJECTIVES = """
      rto:
        description:
          - The seconds that a recovery of them may take.
          - Their RPO comes with O(sites[].result).
        type: int
      owner:
        description: Who answers for them.
        type: str
      max_drill_age:
        description: Instead of O(max_drill_age).
        type: int
"""


# With their types, since ansible-test reads every assignment without one as a text.
class ModuleDocFragment:
    COPY: str = overrides(SOURCE + instead(interval="int", kms_key_id="str", option_group="str") + PROTECTION)
    REPLICATE: str = overrides(
        instead(kms_key_id="str", option_group="str", copy_option_group="bool"),
        OF_A_MANIFEST,
    )
    PRUNE: str = overrides(
        instead(
            keep="int",
            max_age_days="int",
            daily="int",
            weekly="int",
            monthly="int",
            yearly="int",
            below_floor="bool",
        ),
        OF_A_SNAPSHOT,
    )
    RESTORE: str = (
        overrides(
            instead(
                db_subnet_group_name="str",
                db_instance_class="str",
                db_parameter_group_name="str",
                db_cluster_parameter_group_name="str",
                expires_after="int",
                restore_as="str",
                multi_az="bool",
                backup_retention_period="int",
            )
            + PROTECTION
            + LIST_AND_CAPACITY
            + indent(CAPACITY.lstrip("\n"), " " * 8),
            OF_A_SNAPSHOT,
        )
        + f"  serverless:\n{indent(CAPACITY, ' ' * 4)}"
    )
    COVERAGE: str = overrides(instead(rpo="int") + PROTECTION)
    POSTURE: str = overrides(OBJECTIVES)
