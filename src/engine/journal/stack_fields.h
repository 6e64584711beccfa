// The descriptions of stacks and of what they cost (fields.h has those of everything else). Only
// codec.cc includes this.
#pragma once

#include "engine/model.h"

namespace tidegate::engine {

template <typename T, typename V>
concept Describes = std::is_same_v<std::remove_const_t<T>, V>;

template <typename Visitor, Describes<cost::Rate> T>
void describe(Visitor& v, T& x) {
  v("Instances", x.instances), v("Services", x.services);
}
template <typename Visitor, Describes<cost::Spent> T>
void describe(Visitor& v, T& x) {
  v("Instances", x.instances), v("Services", x.services);
}
template <typename Visitor, Describes<cost::Account> T>
void describe(Visitor& v, T& x) {
  v("Opened", x.opened), v("Since", x.since), v("Rate", x.rate), v("Spent", x.spent);
  v("BeforeMonth", x.before_month), v("StackId", x.stack_id);
}
template <typename Visitor, Describes<stacks::Image> T>
void describe(Visitor& v, T& x) {
  v("Layers", x.layers);
}
template <typename Visitor, Describes<stacks::InstanceType> T>
void describe(Visitor& v, T& x) {
  v("VCpus", x.vcpus), v("MemoryMiB", x.memory_mib), v("MonthlyPrice", x.monthly_price);
  v("CatalogueVCpus", x.catalogue_vcpus), v("CatalogueMemoryMiB", x.catalogue_memory_mib);
}
template <typename Visitor, Describes<stacks::Receiver> T>
void describe(Visitor& v, T& x) {
  v("Name", x.name), v("Command", x.command);
}
template <typename Visitor, Describes<stacks::TidegateMetadata> T>
void describe(Visitor& v, T& x) {
  v("Timing", x.timing), v("Images", x.images), v("InstanceTypes", x.instance_types),
      v("Prices", x.prices);
  v("SubnetZones", x.subnet_zones), v("Receivers", x.receivers),
      v("InstanceScale", x.instance_scale);
  v("Unused", x.unused);
}
template <typename Visitor, Describes<stacks::StackResource> T>
void describe(Visitor& v, T& x) {
  v("LogicalId", x.logical_id), v("PhysicalId", x.physical_id), v("Type", x.type),
      v("Status", x.status);
  v("StatusReason", x.status_reason), v("Updated", x.updated);
}
template <typename Visitor, Describes<stacks::StackEvent> T>
void describe(Visitor& v, T& x) {
  v("EventId", x.event_id), v("LogicalId", x.logical_id), v("PhysicalId", x.physical_id),
      v("Type", x.type);
  v("Status", x.status), v("StatusReason", x.status_reason), v("Timestamp", x.timestamp);
  v("Token", x.token);
}
template <typename Visitor, Describes<stacks::Change> T>
void describe(Visitor& v, T& x) {
  v("Action", x.action), v("LogicalId", x.logical_id), v("PhysicalId", x.physical_id);
  v("Type", x.type), v("Properties", x.properties);
}
template <typename Visitor, Describes<stacks::ChangeSet> T>
void describe(Visitor& v, T& x) {
  v("Id", x.id), v("Name", x.name), v("Description", x.description), v("Type", x.type);
  v("State", x.state), v("Reason", x.reason), v("Created", x.created);
  v("TemplateBody", x.template_body), v("TemplateFolder", x.template_folder);
  v("GivenParameters", x.given_parameters), v("Parameters", x.parameters), v("Tags", x.tags);
  v("Changes", x.changes);
}
template <typename Visitor, Describes<stacks::Output> T>
void describe(Visitor& v, T& x) {
  v("Key", x.key), v("Value", x.value), v("Description", x.description);
}
template <typename Visitor, Describes<stacks::Stack> T>
void describe(Visitor& v, T& x) {
  v("Name", x.name), v("Id", x.id), v("Description", x.description), v("Status", x.status);
  v("StatusReason", x.status_reason), v("Created", x.created), v("Updated", x.updated),
      v("Deleted", x.deleted);
  v("TemplateBody", x.template_body), v("TemplateFolder", x.template_folder);
  v("GivenParameters", x.given_parameters), v("Parameters", x.parameters), v("Tags", x.tags);
  v("Resources", x.resources), v("Events", x.events), v("Outputs", x.outputs),
      v("Metadata", x.metadata);
  v("ChangeSets", x.change_sets), v("ChangeSetId", x.change_set_id), v("Token", x.token),
      v("Tokens", x.tokens);
}
}  // namespace tidegate::engine
