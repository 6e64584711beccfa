// What a stack costs, as `status` and `cost` show it. Pure over the view; any thread.
#pragma once

#include "base/json.h"
#include "engine/queries.h"

namespace tidegate::status {

/// {"Now","NowServices","Spent","SpentServices","Since","MonthSoFar","MonthAtThisRate","Services",
///  "Base","BaseInstances","PeakInstances","Peak","Parts":[{"Name","Kind","MonthlyPrice","Running",
///  "MonthlyNow",…}]}: dollars; a month is 730 hours. Now and Spent are of the instances, what else
/// runs here is by itself in …Services; Base and Services count every priced service once, whether
/// it runs here or not, as the documents do.
Json cost_document(const engine::Model& model, const stacks::Stack& stack);

}  // namespace tidegate::status
