"""Compares what the library reads in PostgreSQL files with PostgreSQL's own parser.

Needs PyPI's pglast and a built example:

    cargo build --release --example readings
    find some/project -name '*.sql' | python3 tests/peers/postgres_parser.py target/release/examples/readings

Statements that PostgreSQL does not parse are left out. Prints each difference, then the counts.
"""

import collections
import json
import subprocess
import sys

import pglast
from pglast import ast
from pglast.enums import AlterTableType as AT
from pglast.enums import ConstrType as CT
from pglast.enums import ObjectType as OT

OBJECTS = {
    OT.OBJECT_ACCESS_METHOD: "AccessMethod", OT.OBJECT_AGGREGATE: "Aggregate", OT.OBJECT_CAST: "Cast",
    OT.OBJECT_COLLATION: "Collation", OT.OBJECT_COLUMN: "Column", OT.OBJECT_CONVERSION: "Conversion",
    OT.OBJECT_DATABASE: "Database", OT.OBJECT_DOMAIN: "Domain", OT.OBJECT_EVENT_TRIGGER: "EventTrigger",
    OT.OBJECT_EXTENSION: "Extension", OT.OBJECT_FDW: "ForeignDataWrapper", OT.OBJECT_FOREIGN_SERVER: "Server",
    OT.OBJECT_FOREIGN_TABLE: "ForeignTable", OT.OBJECT_FUNCTION: "Function", OT.OBJECT_INDEX: "Index",
    OT.OBJECT_LANGUAGE: "Language", OT.OBJECT_LARGEOBJECT: "LargeObject", OT.OBJECT_MATVIEW: "MaterializedView",
    OT.OBJECT_OPCLASS: "OperatorClass", OT.OBJECT_OPERATOR: "Operator", OT.OBJECT_OPFAMILY: "OperatorFamily",
    OT.OBJECT_POLICY: "Policy", OT.OBJECT_PROCEDURE: "Procedure", OT.OBJECT_PUBLICATION: "Publication",
    OT.OBJECT_ROLE: "Role", OT.OBJECT_ROUTINE: "Routine", OT.OBJECT_RULE: "Rule", OT.OBJECT_SCHEMA: "Schema",
    OT.OBJECT_SEQUENCE: "Sequence", OT.OBJECT_STATISTIC_EXT: "Statistics", OT.OBJECT_SUBSCRIPTION: "Subscription",
    OT.OBJECT_TABCONSTRAINT: "Constraint", OT.OBJECT_DOMCONSTRAINT: "Constraint", OT.OBJECT_TABLE: "Table",
    OT.OBJECT_TABLESPACE: "Tablespace", OT.OBJECT_TRANSFORM: "Transform", OT.OBJECT_TRIGGER: "Trigger",
    OT.OBJECT_TSCONFIGURATION: "TextSearchConfiguration", OT.OBJECT_TSDICTIONARY: "TextSearchDictionary",
    OT.OBJECT_TSPARSER: "TextSearchParser", OT.OBJECT_TSTEMPLATE: "TextSearchTemplate", OT.OBJECT_TYPE: "Type",
    OT.OBJECT_USER_MAPPING: "UserMapping", OT.OBJECT_VIEW: "View",
}

# Verb and object of the statements whose node alone tells.
SIMPLE = {
    "CreateStmt": ("Create", "Table"), "CreateForeignTableStmt": ("Create", "ForeignTable"),
    "IndexStmt": ("Create", "Index"), "ViewStmt": ("Create", "View"), "CreateSeqStmt": ("Create", "Sequence"),
    "CreateEnumStmt": ("Create", "Type"), "CompositeTypeStmt": ("Create", "Type"), "CreateRangeStmt": ("Create", "Type"),
    "CreateDomainStmt": ("Create", "Domain"), "CreateSchemaStmt": ("Create", "Schema"),
    "CreateExtensionStmt": ("Create", "Extension"), "CreatePolicyStmt": ("Create", "Policy"),
    "CreateTrigStmt": ("Create", "Trigger"), "CreateEventTrigStmt": ("Create", "EventTrigger"),
    "RuleStmt": ("Create", "Rule"), "CreateRoleStmt": ("Create", "Role"), "CreateStatsStmt": ("Create", "Statistics"),
    "CreatePublicationStmt": ("Create", "Publication"), "CreateSubscriptionStmt": ("Create", "Subscription"),
    "CreatedbStmt": ("Create", "Database"), "CreateTableSpaceStmt": ("Create", "Tablespace"),
    "CreateCastStmt": ("Create", "Cast"), "CreateConversionStmt": ("Create", "Conversion"),
    "CreateOpClassStmt": ("Create", "OperatorClass"), "CreateOpFamilyStmt": ("Create", "OperatorFamily"),
    "CreateAmStmt": ("Create", "AccessMethod"), "CreateTransformStmt": ("Create", "Transform"),
    "CreatePLangStmt": ("Create", "Language"), "CreateFdwStmt": ("Create", "ForeignDataWrapper"),
    "CreateForeignServerStmt": ("Create", "Server"), "CreateUserMappingStmt": ("Create", "UserMapping"),
    "AlterSeqStmt": ("Alter", "Sequence"), "AlterEnumStmt": ("Alter", "Type"), "AlterTypeStmt": ("Alter", "Type"),
    "AlterDomainStmt": ("Alter", "Domain"), "AlterSystemStmt": ("Alter", "System"), "AlterPolicyStmt": ("Alter", "Policy"),
    "AlterDefaultPrivilegesStmt": ("Alter", "DefaultPrivileges"), "AlterRoleStmt": ("Alter", "Role"),
    "AlterRoleSetStmt": ("Alter", "Role"), "AlterDatabaseStmt": ("Alter", "Database"),
    "AlterDatabaseSetStmt": ("Alter", "Database"), "AlterDatabaseRefreshCollStmt": ("Alter", "Database"),
    "AlterExtensionStmt": ("Alter", "Extension"), "AlterExtensionContentsStmt": ("Alter", "Extension"),
    "AlterPublicationStmt": ("Alter", "Publication"), "AlterSubscriptionStmt": ("Alter", "Subscription"),
    "AlterStatsStmt": ("Alter", "Statistics"), "AlterEventTrigStmt": ("Alter", "EventTrigger"),
    "AlterForeignServerStmt": ("Alter", "Server"), "AlterFdwStmt": ("Alter", "ForeignDataWrapper"),
    "AlterUserMappingStmt": ("Alter", "UserMapping"), "AlterCollationStmt": ("Alter", "Collation"),
    "AlterOpFamilyStmt": ("Alter", "OperatorFamily"), "AlterOperatorStmt": ("Alter", "Operator"),
    "AlterTSConfigurationStmt": ("Alter", "TextSearchConfiguration"),
    "AlterTSDictionaryStmt": ("Alter", "TextSearchDictionary"), "AlterTableSpaceOptionsStmt": ("Alter", "Tablespace"),
    "DropRoleStmt": ("Drop", "Role"), "DropdbStmt": ("Drop", "Database"), "DropOwnedStmt": ("Drop", "Owned"),
    "DropSubscriptionStmt": ("Drop", "Subscription"), "DropTableSpaceStmt": ("Drop", "Tablespace"),
    "DropUserMappingStmt": ("Drop", "UserMapping"), "TruncateStmt": ("Truncate", "Table"),
    "RefreshMatViewStmt": ("Refresh", "MaterializedView"), "LockStmt": ("Lock", "Table"), "CopyStmt": ("Copy", "Table"),
    "ClusterStmt": ("Cluster", "Table"), "CallStmt": ("Call", "Procedure"), "DoStmt": ("Do", None),
    "GrantStmt": (None, None), "GrantRoleStmt": (None, None), "VariableSetStmt": ("Set", None),
    "VariableShowStmt": ("Set", None), "ConstraintsSetStmt": ("Set", None), "TransactionStmt": ("Transaction", None),
    "InsertStmt": ("Insert", None), "UpdateStmt": ("Update", None), "DeleteStmt": ("Delete", None),
    "MergeStmt": ("Merge", None), "ExplainStmt": ("Explain", None), "PrepareStmt": ("Dynamic", None),
    "ExecuteStmt": ("Dynamic", None), "DeallocateStmt": ("Dynamic", None), "ReassignOwnedStmt": ("Reassign", None),
    "ImportForeignSchemaStmt": ("ImportSchema", None), "DeclareCursorStmt": ("Administer", None),
    "FetchStmt": ("Administer", None), "ClosePortalStmt": ("Administer", None), "ListenStmt": ("Administer", None),
    "UnlistenStmt": ("Administer", None), "NotifyStmt": ("Administer", None), "LoadStmt": ("Administer", None),
    "CheckPointStmt": ("Administer", None), "DiscardStmt": ("Administer", None),
}

ACTIONS = {
    AT.AT_AddColumn: "AddColumn", AT.AT_DropColumn: "DropColumn", AT.AT_AlterColumnType: "SetType",
    AT.AT_SetNotNull: "SetNotNull", AT.AT_DropNotNull: "DropNotNull", AT.AT_SetExpression: "SetExpression",
    AT.AT_DropExpression: "DropExpression", AT.AT_AddIdentity: "AddIdentity", AT.AT_SetIdentity: "SetIdentity",
    AT.AT_DropIdentity: "DropIdentity", AT.AT_SetStatistics: "SetStatistics", AT.AT_SetStorage: "SetStorage",
    AT.AT_SetCompression: "SetCompression", AT.AT_SetOptions: "SetColumnOptions",
    AT.AT_ResetOptions: "ResetColumnOptions", AT.AT_AlterColumnGenericOptions: "SetForeignOptions",
    AT.AT_AddConstraint: "AddConstraint", AT.AT_DropConstraint: "DropConstraint",
    AT.AT_ValidateConstraint: "ValidateConstraint", AT.AT_AlterConstraint: "AlterConstraint",
    AT.AT_ChangeOwner: "OwnerTo", AT.AT_ClusterOn: "ClusterOn", AT.AT_DropCluster: "ClusterOn",
    AT.AT_SetLogged: "SetLogged", AT.AT_SetUnLogged: "SetLogged", AT.AT_SetAccessMethod: "SetAccessMethod",
    AT.AT_SetTableSpace: "SetTablespace", AT.AT_SetRelOptions: "SetOptions", AT.AT_ResetRelOptions: "ResetOptions",
    AT.AT_DropOids: "DropOids", AT.AT_AddInherit: "Inherit", AT.AT_DropInherit: "NoInherit", AT.AT_AddOf: "OfType",
    AT.AT_DropOf: "NotOfType", AT.AT_ReplicaIdentity: "ReplicaIdentity", AT.AT_GenericOptions: "ForeignOptions",
    AT.AT_AttachPartition: "AttachPartition", AT.AT_DetachPartition: "DetachPartition",
    AT.AT_DetachPartitionFinalize: "DetachPartition", AT.AT_EnableRowSecurity: "RowSecurity",
    AT.AT_DisableRowSecurity: "RowSecurity", AT.AT_ForceRowSecurity: "RowSecurity",
    AT.AT_NoForceRowSecurity: "RowSecurity",
}

RULES = {
    CT.CONSTR_NULL: "NULL", CT.CONSTR_NOTNULL: "NOTNULL", CT.CONSTR_DEFAULT: "DEFAULT", CT.CONSTR_IDENTITY: "IDENTITY",
    CT.CONSTR_GENERATED: "GENERATED", CT.CONSTR_CHECK: "CHECK", CT.CONSTR_PRIMARY: "PRIMARY",
    CT.CONSTR_UNIQUE: "UNIQUE", CT.CONSTR_FOREIGN: "FOREIGN",
}
KINDS = {
    CT.CONSTR_NOTNULL: "NotNull", CT.CONSTR_CHECK: "Check", CT.CONSTR_PRIMARY: "PrimaryKey", CT.CONSTR_UNIQUE: "Unique",
    CT.CONSTR_FOREIGN: "ForeignKey", CT.CONSTR_EXCLUSION: "Exclusion",
}
REFERENTIAL = {"a": "NoAction", "r": "Restrict", "c": "Cascade", "n": "SetNull", "d": "SetDefault"}


def character(value):
    return chr(value) if isinstance(value, int) else value


def relation(node):
    return ".".join(part for part in (node.catalogname, node.schemaname, node.relname) if part)


def dotted(names):
    return ".".join(name.sval for name in names)


def column(node):
    rules = [RULES[c.contype] for c in node.constraints or () if c.contype in RULES]
    foreign = [relation(c.pktable) for c in node.constraints or () if c.contype == CT.CONSTR_FOREIGN]
    array = bool(node.typeName and node.typeName.arrayBounds)
    return {"name": node.colname, "rules": sorted(rules), "array": array, "references": foreign[0] if foreign else None}


def our_column(line):
    return {key: line[key] for key in ("name", "rules", "array", "references")}


def constraint(node):
    # `NOT ENFORCED` counts as `NOT VALID` there, but only these two kinds can be that.
    unenforced = node.contype in (CT.CONSTR_CHECK, CT.CONSTR_FOREIGN) and node.is_enforced is False
    unchecked = bool(node.skip_validation) and not unenforced
    keys = node.fk_attrs if node.contype == CT.CONSTR_FOREIGN else node.keys
    facts = {
        "kind": KINDS.get(node.contype), "name": node.conname, "not_valid": unchecked, "using_index": node.indexname,
        "deferrable": bool(node.deferrable), "references": relation(node.pktable) if node.pktable else None,
        "on_delete": REFERENTIAL.get(character(node.fk_del_action)) if node.contype == CT.CONSTR_FOREIGN else None,
    }
    if node.contype != CT.CONSTR_EXCLUSION:
        facts["columns"] = [key.sval for key in keys or ()]
    return facts


def our_constraint(line, theirs):
    facts = {key: line[key] for key in theirs}
    if facts["on_delete"] is None and facts["kind"] == "ForeignKey":
        facts["on_delete"] = "NoAction"
    if facts.get("deferrable") is False and theirs["deferrable"] and "initially" in line:
        facts["deferrable"] = True
    return facts


def commands(node):
    """What the actions of an ALTER are, as the library names them."""
    found = []
    for command in node.cmds:
        kind = ACTIONS.get(command.subtype)
        name = AT(command.subtype).name
        if command.subtype == AT.AT_ColumnDefault:
            kind = "SetDefault" if command.def_ is not None else "DropDefault"
        elif "Trig" in name:
            kind = "Trigger"
        elif "Rule" in name:
            kind = "Rule"
        facts = {"kind": kind}
        if command.subtype == AT.AT_AddColumn:
            facts["column"] = column(command.def_)
            facts["if_not_exists"] = bool(command.missing_ok)
        elif command.subtype == AT.AT_AddConstraint:
            facts["constraint"] = constraint(command.def_)
        elif kind in ("DropColumn", "DropConstraint"):
            facts |= {"name": command.name, "if_exists": bool(command.missing_ok), "cascade": command.behavior == 1}
        elif kind in ("SetType", "SetDefault", "DropDefault", "SetNotNull", "DropNotNull"):
            facts["name"] = command.name
        if kind == "SetType":
            facts["using"] = command.def_.raw_default is not None
        if kind == "DetachPartition":
            facts["finalize"] = command.subtype == AT.AT_DetachPartitionFinalize
            facts["concurrently"] = bool(getattr(command.def_, "concurrent", False))
        found.append(facts)
    return found


def our_actions(line, theirs):
    ours = []
    for index, action in enumerate(line["actions"]):
        wanted = theirs[index] if index < len(theirs) else {"kind": None}
        facts = {key: action.get(key) for key in wanted}
        if facts.get("column") and wanted.get("column"):
            facts["column"] = our_column(facts["column"])
        if facts.get("constraint") and wanted.get("constraint"):
            facts["constraint"] = our_constraint(facts["constraint"], wanted["constraint"])
        ours.append(facts)
    return ours


def dropped_names(node):
    kind = node.removeType
    if kind in (OT.OBJECT_CAST, OT.OBJECT_TRANSFORM, OT.OBJECT_OPERATOR):
        return None
    names = []
    for each in node.objects:
        if isinstance(each, ast.String):
            names.append(each.sval)
        elif isinstance(each, ast.ObjectWithArgs):
            names.append(dotted(each.objname))
        elif isinstance(each, ast.TypeName):
            names.append(dotted([n for n in each.names]))
        elif kind in (OT.OBJECT_TRIGGER, OT.OBJECT_POLICY, OT.OBJECT_RULE):
            names.append(each[-1].sval)
        elif kind in (OT.OBJECT_OPCLASS, OT.OBJECT_OPFAMILY):
            names.append(dotted(each[1:]))
        else:
            names.append(dotted(each))
    return names


def oracle(node):
    """The facts of a statement by PostgreSQL's parser, each under the key that the library's reading has."""
    tag = type(node).__name__
    facts = {}
    verb, kind = SIMPLE.get(tag, ("?", None))
    if tag == "DropStmt":
        verb, kind = "Drop", OBJECTS.get(node.removeType)
        facts |= {"if_exists": bool(node.missing_ok), "cascade": node.behavior == 1, "concurrently": bool(node.concurrent)}
        if (names := dropped_names(node)) is not None:
            facts["names"] = names
    elif tag == "CreateStmt":
        facts |= {"names": [relation(node.relation)], "if_not_exists": bool(node.if_not_exists)}
        facts["temporary"] = character(node.relation.relpersistence) == "t"
        elements = node.tableElts or ()
        facts["columns"] = [column(e) for e in elements if isinstance(e, ast.ColumnDef)]
        facts["constraints"] = [constraint(e) for e in elements if isinstance(e, ast.Constraint)]
        facts["partition_of"] = relation(node.inhRelations[0]) if node.partbound else None
        facts["inherits"] = [relation(r) for r in node.inhRelations or ()] if not node.partbound else []
    elif tag == "CreateTableAsStmt":
        if node.is_select_into:
            verb, kind = "Create", "Table"
        else:
            verb, kind = "Create", OBJECTS[node.objtype]
        facts |= {"names": [relation(node.into.rel)], "if_not_exists": bool(node.if_not_exists)}
    elif tag == "IndexStmt":
        facts |= {
            "names": [node.idxname] if node.idxname else [], "table": relation(node.relation), "unique": bool(node.unique),
            "concurrently": bool(node.concurrent), "if_not_exists": bool(node.if_not_exists),
            "parts": [p.name for p in node.indexParams], "predicate": node.whereClause is not None,
            "include": [p.name for p in node.indexIncludingParams or ()],
        }
    elif tag == "ViewStmt":
        facts |= {"names": [relation(node.view)], "or_replace": bool(node.replace)}
    elif tag in ("CreateFunctionStmt", "AlterFunctionStmt"):
        if tag[0] == "C":
            verb, kind = "Create", "Procedure" if node.is_procedure else "Function"
            facts |= {"names": [dotted(node.funcname)], "or_replace": bool(node.replace)}
        else:
            verb, kind = "Alter", OBJECTS[node.objtype]
    elif tag == "DefineStmt":
        verb, kind = "Create", OBJECTS[node.kind]
    elif tag == "AlterTableStmt":
        verb, kind = "Alter", OBJECTS[node.objtype]
        facts |= {"names": [relation(node.relation)], "if_exists": bool(node.missing_ok), "actions": commands(node)}
    elif tag == "RenameStmt":
        verb, kind = "Alter", OBJECTS.get(node.renameType)
        if node.renameType in (OT.OBJECT_COLUMN, OT.OBJECT_TABCONSTRAINT):
            kind = OBJECTS[node.relationType] if node.renameType == OT.OBJECT_COLUMN else "Table"
            word = "RenameColumn" if node.renameType == OT.OBJECT_COLUMN else "RenameConstraint"
            facts["actions"] = [{"kind": word, "from": node.subname, "to": node.newname}]
        elif node.renameType == OT.OBJECT_ATTRIBUTE:
            kind = "Type"
            facts["actions"] = [{"kind": "RenameColumn", "from": node.subname, "to": node.newname}]
        elif node.renameType == OT.OBJECT_DOMCONSTRAINT:
            kind = "Domain"
            facts["actions"] = [{"kind": "RenameConstraint", "from": node.subname, "to": node.newname}]
        else:
            facts["actions"] = [{"kind": "RenameTo", "to": node.newname}]
        if node.relation and kind in ("Table", "Index", "View", "Sequence", "MaterializedView", "ForeignTable"):
            facts["names"] = [relation(node.relation)]
            facts["if_exists"] = bool(node.missing_ok)
    elif tag in ("AlterObjectSchemaStmt", "AlterOwnerStmt", "AlterObjectDependsStmt"):
        verb, kind = "Alter", OBJECTS.get(getattr(node, "objectType", None))
        words = {"AlterObjectSchemaStmt": "SetSchema", "AlterOwnerStmt": "OwnerTo"}
        facts["actions"] = [{"kind": words.get(tag, "DependsOnExtension")}]
    elif tag == "AlterTableMoveAllStmt":
        verb, kind = "Alter", OBJECTS[node.objtype]
    elif tag == "TruncateStmt":
        facts |= {"names": [relation(r) for r in node.relations], "cascade": node.behavior == 1}
    elif tag == "CreateEnumStmt":
        facts["names"] = [dotted(node.typeName)]
    elif tag == "CreateTrigStmt":
        facts |= {"names": [node.trigname], "table": relation(node.relation)}
    elif tag == "CreatePolicyStmt":
        facts |= {"names": [node.policy_name], "table": relation(node.table)}
    elif tag in ("CreateSeqStmt",):
        facts["names"] = [relation(node.sequence)]
    elif tag == "CommentStmt":
        verb, kind = "Comment", None
    elif tag == "SecLabelStmt":
        verb, kind = "SecurityLabel", None
    elif tag == "ReindexStmt":
        verb, kind = "Reindex", None
    elif tag == "VacuumStmt":
        verb, kind = ("Vacuum" if node.is_vacuumcmd else "Analyze"), "Table"
    elif tag == "SelectStmt":
        verb, kind = ("Create", "Table") if node.intoClause else ("Query", None)
    elif tag in ("GrantStmt", "GrantRoleStmt"):
        verb = "Grant" if node.is_grant else "Revoke"
    facts["verb"] = verb
    if kind is not None:
        facts["object"] = kind
    return tag, facts


def ours(line, theirs):
    facts = {}
    for key in theirs:
        value = line.get(key)
        if key == "actions":
            value = our_actions(line, theirs["actions"])
        elif key == "columns" and value is not None:
            value = [our_column(each) for each in value]
        elif key == "constraints" and value is not None and len(value) == len(theirs["constraints"]):
            value = [our_constraint(each, their) for each, their in zip(value, theirs["constraints"])]
        facts[key] = value
    return facts


def main():
    paths = sys.stdin.read()
    out = subprocess.run([sys.argv[1], "postgres"], input=paths, capture_output=True, text=True, check=True).stdout
    counts = collections.Counter()
    wrong = collections.Counter()
    for text in out.splitlines():
        line = json.loads(text)
        if "error" in line:
            counts["files that cannot be split"] += 1
            print("SPLIT", line["file"], line["error"])
            continue
        if line["client"]:
            counts["client commands and copied data"] += 1
            continue
        try:
            statements = pglast.parse_sql(line["sql"])
        except Exception:  # noqa: BLE001  whatever the parser says, it is no statement of PostgreSQL
            counts["not parsed by PostgreSQL"] += 1
            continue
        if len(statements) != 1:
            counts["WRONG CUT"] += 1
            print("CUT", line["file"], line["sql"][:200])
            continue
        tag, theirs = oracle(statements[0].stmt)
        counts["statements"] += 1
        if line["unknown"]:
            wrong[tag, "unknown"] += 1
            print("UNKNOWN", line["file"], line["sql"][:200].replace("\n", " "), "AT", line["unknown"][:80])
            continue
        mine = ours(line, theirs)
        for key in theirs:
            counts["facts"] += 1
            if mine[key] != theirs[key]:
                wrong[tag, key] += 1
                print("DIFFERS", tag, key, "\n  ours  ", mine[key], "\n  theirs", theirs[key], "\n  ", line["sql"][:300])
    print(dict(counts), "differences:", dict(wrong))
    sys.exit(bool(wrong) or bool(counts["WRONG CUT"]))


main()
