# SPDX-License-Identifier: GPL-3.0-or-later
"""List the options of option groups, as far as snapshots and clients care (RDS User Guide, option pages)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lifeboat_lab.errors import AwsError
from lifeboat_lab.rds.families import MAJORS

ORACLE = ("oracle-ee", "oracle-ee-cdb", "oracle-se2", "oracle-se2-cdb")
ORACLE_EE = ("oracle-ee", "oracle-ee-cdb")
SQLSERVER = ("sqlserver-ee", "sqlserver-se", "sqlserver-ex", "sqlserver-web")
SQLSERVER_BIG = ("sqlserver-ee", "sqlserver-se")
MYSQL = ("mysql", "mariadb")


@dataclass(frozen=True)
class Setting:
    """One setting of an option."""

    name: str
    default: str | None = None
    allowed: str | None = None
    required: bool = False
    dynamic: bool = True
    about: str = ""


@dataclass(frozen=True)
class Fact:
    """What is known about an option."""

    name: str
    about: str
    engines: tuple[str, ...]
    # Persistent: it stays as long as a database has the group. Permanent: it stays for ever.
    persistent: bool = False
    permanent: bool = False
    # A persistent one whose snapshots can nevertheless be shared, and copied with a target group that has it.
    shareable: bool = False
    port: int | None = None
    conflicts: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    # Only for these major versions; empty means all.
    majors: tuple[str, ...] = ()

    def offered_for(self, engine: str, major: str) -> bool:
        return engine in self.engines and (not self.majors or major in self.majors)


_NETWORK_CIPHERS = "AES256,AES192,AES128"

FACTS: tuple[Fact, ...] = (
    Fact("TDE", "Oracle Advanced Security - Transparent Data Encryption", ORACLE_EE,
         persistent=True, permanent=True),
    Fact("Timezone", "Change time zone", ORACLE, persistent=True, permanent=True, shareable=True,
         settings=(Setting("TIME_ZONE", "UTC", about="The time zone of the instance"),)),
    Fact("OLS", "Oracle Label Security", ORACLE_EE, persistent=True, permanent=True, shareable=True),
    Fact("NATIVE_NETWORK_ENCRYPTION", "Oracle Advanced Security - Native Network Encryption", ORACLE,
         conflicts=("SSL",),
         settings=(Setting("SQLNET.ENCRYPTION_SERVER", "REQUESTED", "ACCEPTED,REJECTED,REQUESTED,REQUIRED",
                           dynamic=False, about="The wanted encryption behaviour"),
                   Setting("SQLNET.ENCRYPTION_TYPES_SERVER", _NETWORK_CIPHERS, dynamic=False,
                           about="Encryption algorithms in the order of use"))),
    Fact("SSL", "Oracle Secure Sockets Layer", ORACLE, port=2484, conflicts=("NATIVE_NETWORK_ENCRYPTION",),
         settings=(Setting("SQLNET.SSL_VERSION", "1.2", "1.2,1.0 or 1.2", about="The TLS versions"),)),
    Fact("STATSPACK", "Oracle Statspack", ORACLE),
    Fact("OEM", "Oracle Enterprise Manager Database Express", ORACLE, port=5500, conflicts=("OEM_AGENT",)),
    Fact("OEM_AGENT", "Oracle Enterprise Manager Cloud Control Agent", ORACLE, port=3872, conflicts=("OEM",),
         versions=("13.5.0.0.v2", "13.4.0.9.v1"),
         settings=(Setting("OMS_HOST", required=True), Setting("OMS_PORT", required=True),
                   Setting("AGENT_REGISTRATION_PASSWORD", required=True))),
    Fact("JVM", "Oracle Java Virtual Machine", ORACLE),
    Fact("S3_INTEGRATION", "Amazon S3 integration", ORACLE, versions=("1.0",)),
    Fact("TDE", "SQL Server - Transparent Data Encryption", ("sqlserver-ee",), persistent=True),
    Fact("TDE", "SQL Server - Transparent Data Encryption", ("sqlserver-se",), persistent=True,
         majors=("16.00",)),
    Fact("SQLSERVER_BACKUP_RESTORE", "SQL Server Native Backup And Restore", SQLSERVER,
         settings=(Setting("IAM_ROLE_ARN", required=True, about="The role that gives access to the bucket"),)),
    Fact("SQLSERVER_AUDIT", "SQL Server Audit", SQLSERVER,
         settings=(Setting("S3_BUCKET_ARN", required=True), Setting("IAM_ROLE_ARN", required=True),
                   Setting("ENABLE_COMPRESSION", "true", "true,false"), Setting("RETENTION_TIME", "0", "0-840"))),
    Fact("SSIS", "SQL Server Integration Services", SQLSERVER_BIG),
    Fact("SSAS", "SQL Server Analysis Services", SQLSERVER_BIG, port=2383),
    Fact("MSDTC", "Microsoft Distributed Transaction Coordinator", SQLSERVER, port=5000),
    Fact("MARIADB_AUDIT_PLUGIN", "MariaDB Audit Plugin", MYSQL,
         settings=(Setting("SERVER_AUDIT_EVENTS", "CONNECT,QUERY", dynamic=True, about="What is recorded"),
                   Setting("SERVER_AUDIT_EXCL_USERS"), Setting("SERVER_AUDIT_INCL_USERS"),
                   Setting("SERVER_AUDIT_FILE_ROTATE_SIZE", "1000000", "1-1000000000"),
                   Setting("SERVER_AUDIT_FILE_ROTATIONS", "9", "0-100"),
                   Setting("SERVER_AUDIT_LOGGING", "ON", "ON"),
                   Setting("SERVER_AUDIT_QUERY_LOG_LIMIT", "1024", "0-2147483647"))),
    Fact("MEMCACHED", "Innodb Memcached for MySQL", ("mysql",), port=11211, majors=("5.7", "8.0"),
         settings=(Setting("BACKLOG_QUEUE_LIMIT", "1024", "1-2048", dynamic=False),
                   Setting("BINDING_PROTOCOL", "auto", "auto,ascii,binary", dynamic=False),
                   Setting("CHUNK_SIZE", "48", "1-48", dynamic=False),
                   Setting("MAX_SIMULTANEOUS_CONNECTIONS", "1024", "10-1024", dynamic=False),
                   Setting("VERBOSITY", "v", "v,vv,vvv", dynamic=False))),
)  # fmt: skip


def fact(engine: str, major: str, name: str) -> Fact:
    """Return what is known of an option.

    :raises AwsError: when the engine has none of that name in that major version.
    """
    for known in FACTS:
        if known.name == name and known.offered_for(engine, major):
            return known
    raise AwsError("InvalidParameterValue", f"The option {name} is not available for {engine} {major}.")


def offered(engine: str, major: str | None) -> Iterator[tuple[str, Fact]]:
    """Yield the options of an engine, for one or for all of its major versions."""
    for number in MAJORS.get(engine, ()):
        if major in (None, number):
            yield from ((number, known) for known in FACTS if known.offered_for(engine, number))
